"""invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UNPLAYED = "first_play_id IS NULL"
DUE = "due_at IS NOT NULL AND rewarded_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1 AND number <= 1000", name=op.f("ck_invitation_within_links")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_invitation_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint(
            "campaign_id", "member_id", "number", name=op.f("uq_invitation_campaign_id_member_id_number")
        ),
        sa.UniqueConstraint("campaign_id", "digest", name=op.f("uq_invitation_campaign_id_digest")),
        sa.UniqueConstraint("id", "campaign_id", "member_id", name="uq_invitation_inviter"),
    )
    op.create_table(
        "invited",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("invitation_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("inviter_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("reward_when", sa.String(length=8), nullable=False),
        sa.Column("inviter_rule_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("invitee_rule_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_play_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("played_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inviter_event", sa.String(length=100), nullable=True),
        sa.Column("invitee_event", sa.String(length=100), nullable=True),
        sa.Column("rewarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("inviter_id <> member_id", name=op.f("ck_invited_by_another")),
        sa.CheckConstraint("(first_play_id IS NULL) = (played_at IS NULL)", name=op.f("ck_invited_play_is_whole")),
        sa.CheckConstraint(
            "CASE WHEN reward_when = 'joined' THEN due_at IS NOT NULL "
            "ELSE reward_when = 'played' AND (due_at IS NULL OR first_play_id IS NOT NULL) END",
            name=op.f("ck_invited_earned_as_told"),
        ),
        sa.CheckConstraint(
            "due_at IS NOT NULL OR (inviter_event IS NULL AND invitee_event IS NULL)",
            name=op.f("ck_invited_given_when_earned"),
        ),
        sa.CheckConstraint(
            "rewarded_at IS NULL OR (inviter_event IS NOT NULL AND (invitee_rule_id IS NULL) = (invitee_event IS NULL))",
            name=op.f("ck_invited_rewarded_in_full"),
        ),
        sa.ForeignKeyConstraint(["first_play_id"], ["play.id"], name=op.f("fk_invited_first_play_id")),
        sa.ForeignKeyConstraint(["inviter_rule_id"], ["event_rule.id"], name=op.f("fk_invited_inviter_rule_id")),
        sa.ForeignKeyConstraint(["invitee_rule_id"], ["event_rule.id"], name=op.f("fk_invited_invitee_rule_id")),
        sa.ForeignKeyConstraint(
            ["invitation_id", "campaign_id", "inviter_id"],
            ["invitation.id", "invitation.campaign_id", "invitation.member_id"],
            name="fk_invited_invitation",
        ),
        sa.ForeignKeyConstraint(
            ["mall_id", "inviter_event"], ["mall_event.mall_id", "mall_event.event_id"], name="fk_invited_inviter_event"
        ),
        sa.ForeignKeyConstraint(
            ["mall_id", "invitee_event"], ["mall_event.mall_id", "mall_event.event_id"], name="fk_invited_invitee_event"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invited")),
        sa.UniqueConstraint("campaign_id", "member_id", name=op.f("uq_invited_campaign_id_member_id")),
        sa.UniqueConstraint("first_play_id", name=op.f("uq_invited_first_play_id")),
        sa.UniqueConstraint("inviter_event", name=op.f("uq_invited_inviter_event")),
        sa.UniqueConstraint("invitee_event", name=op.f("uq_invited_invitee_event")),
    )
    op.create_index("ix_invited_inviter", "invited", ["campaign_id", "inviter_id", "id"])
    op.create_index(
        "ix_invited_unplayed",
        "invited",
        ["campaign_id", "member_id"],
        postgresql_where=sa.text(UNPLAYED),
        sqlite_where=sa.text(UNPLAYED),
    )
    op.create_index("ix_invited_due", "invited", ["due_at"], postgresql_where=sa.text(DUE), sqlite_where=sa.text(DUE))


def downgrade() -> None:
    for index in ("ix_invited_due", "ix_invited_unplayed", "ix_invited_inviter"):
        op.drop_index(index, table_name="invited")
    op.drop_table("invited")
    op.drop_table("invitation")
