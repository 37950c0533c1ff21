"""What gunicorn serves: `gunicorn wsgi:app`."""

from __future__ import annotations

import os

from kernel import settings
from portal.app import create_app

app = create_app(settings.load(os.environ))
