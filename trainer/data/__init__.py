"""The torchvision data sets as arrays, and mini-batches of them."""
