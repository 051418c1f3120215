"""The linked site: every page in both languages, as files that open from disk, or served on this machine."""

from gradus.site.build import Built, build_site
from gradus.site.serving import Server, serve_site

__all__ = ["Built", "Server", "build_site", "serve_site"]
