"""agree: does the difference of two implementations come from rounding, or from a bug?"""
