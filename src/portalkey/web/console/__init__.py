"""The operator's console: pages for whoever runs the app, without a framework and without scripts.

A skin hands each request below the console's path to ``Console.answer``, with the name of whoever
asks, and shows its own 404 where that is None.
"""
