"""Every table there is: importing this module fills the metadata that migrations and tests work from."""

from __future__ import annotations

import campaigns.bank_models
import campaigns.models
import campaigns.raffle_models
import campaigns.round_models
import campaigns.velocity_models
import earning.code_models
import earning.event_models
import earning.invitation_models
import earning.models
import earning.purchase_models
import prizes.models
import prizes.wallet.models
from api.auth import models
from core.db import Base

__all__ = ["campaigns", "earning", "metadata", "models", "prizes"]

metadata = Base.metadata
