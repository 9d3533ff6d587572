"""A web page of a trained net, in one file, on which one draws a digit."""
