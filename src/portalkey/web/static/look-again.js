// Nothing is decided yet: the server is asked again. Without scripts, the page's own refresh does it.
setTimeout(() => location.reload(), 2000);
