"""Mail: sent with smtplib, read with imap-tools, both over TLS with checked certificates."""

from __future__ import annotations

from mission_cli.adapters.mail.post import MailPost

__all__ = ["MailPost"]
