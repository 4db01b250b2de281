"""OpenNTZ: open decision support for natalizumab therapy in multiple sclerosis."""

__version__ = "0.1.0"
