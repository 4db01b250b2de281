"""``python -m openntz`` is the ``openntz`` command."""

from openntz.app.cli import main

if __name__ == "__main__":
    main()
