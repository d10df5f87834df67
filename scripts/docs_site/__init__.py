"""The site: pages of ``docs/`` and of the root, and the reference that is made from the code.

``make docs`` stages them as one tree of Markdown, lets Sphinx build it, and checks what was built.
Nothing but ``conf`` and ``__main__`` needs Sphinx, so that tests read the rest without it.
"""
