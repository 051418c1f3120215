"""The linked site: every page in both languages, as files that open from disk, or served on this machine."""

from gradus.site.build import Built, build_site

__all__ = ["Built", "build_site"]
