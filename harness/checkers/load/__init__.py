"""Judges of a load: what was carried, whether it all arrived, what it cost, and whether the generator can be believed.

Pure: a result and its objectives in, judgements out.
"""
