"""The member's side: the embed script, the frame that holds a campaign, and the built files both load."""

from api.embed.routes import router

__all__ = ["router"]
