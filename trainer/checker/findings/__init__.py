"""What was found about a quantity, what each mistake is, and the report."""
