"""The process of somebody's code: it holds the loader and the adapters, and no expected value.

main: reads a question, writes an answer. answering: what the questions are. protocol, packing:
questions and answers as data, which the judge reads and writes too. limits, fence: what the code
may use and see.
"""
