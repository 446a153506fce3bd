"""initial tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_type", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entry_hash")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_audit_entry_previous_hash")),
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["mall_id", "subject_type", "subject_id"], unique=False)
    op.create_table(
        "award",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("play_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("product_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.BigInteger(), nullable=True),
        sa.Column("prize", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("won_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award")),
        sa.UniqueConstraint("play_id", name=op.f("uq_award_play_id")),
    )
    op.create_index("ix_award_campaign", "award", ["campaign_id"], unique=False)
    op.create_index(
        "ix_award_due",
        "award",
        ["type", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_award_member", "award", ["member_id", "won_at", "id"], unique=False)
    op.create_index("ix_award_queue", "award", ["mall_id", "state", "won_at", "id"], unique=False)
    op.create_table(
        "block_act",
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sub", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author", sa.String(length=254), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind = 'block' OR until IS NULL", name=op.f("ck_block_act_only_blocks_end")),
        sa.CheckConstraint("kind IN ('block', 'lift')", name=op.f("ck_block_act_kind_is_known")),
        sa.PrimaryKeyConstraint("mall_id", "number", name=op.f("pk_block_act")),
        sa.UniqueConstraint("mall_id", "sub", "number", name=op.f("uq_block_act_mall_id_sub_number")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("game", sa.String(length=32), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("settled_epoch", sa.Integer(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("seed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("settled_epoch <= epoch", name=op.f("ck_campaign_settled_follows_epoch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(op.f("ix_campaign_mall_id"), "campaign", ["mall_id"], unique=False)
    op.create_table(
        "mall",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("allowed_origins", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mall")),
        sa.UniqueConstraint("key", name=op.f("uq_mall_key")),
    )
    op.create_table(
        "member_list",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_list")),
        sa.UniqueConstraint("mall_id", "key", name=op.f("uq_member_list_mall_id_key")),
    )
    op.create_table(
        "listed_member",
        sa.Column("list_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sub", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["member_list.id"], name=op.f("fk_listed_member_list_id")),
        sa.PrimaryKeyConstraint("list_id", "sub", name=op.f("pk_listed_member")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("topic", "subject_id", name=op.f("uq_outbox_topic_subject_id")),
    )
    op.create_index(
        "ix_outbox_todo",
        "outbox",
        ["topic", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("merchant", sa.String(length=100), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("market_value", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "market_value >= 0 AND cost >= 0 AND points >= 0", name=op.f("ck_product_amounts_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("mall_id", "sku", name=op.f("uq_product_mall_id_sku")),
    )
    op.create_table(
        "wallet_account",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("entries", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_wallet_account_balance_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_account")),
        sa.UniqueConstraint("mall_id", "owner", name=op.f("uq_wallet_account_mall_id_owner")),
    )
    op.create_table(
        "wallet_transfer",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("debit_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["debit_id"], ["wallet_transfer.id"], name=op.f("fk_wallet_transfer_debit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_transfer")),
        sa.UniqueConstraint("debit_id", name=op.f("uq_wallet_transfer_debit_id")),
    )
    op.create_table(
        "award_claim",
        sa.Column("award_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_award_claim_award_id")),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_award_claim")),
    )
    op.create_table(
        "campaign_version",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("change", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_version_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "version", name=op.f("pk_campaign_version")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("award_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("reference", sa.String(length=128), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_delivery_award_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("award_id", "attempt", name=op.f("uq_delivery_award_id_attempt")),
    )
    op.create_index(
        "uq_delivery_once",
        "delivery",
        ["award_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'delivered'"),
        sqlite_where=sa.text("outcome = 'delivered'"),
    )
    op.create_table(
        "launch_token_use",
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("jti", sa.String(length=128), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mall_id"], ["mall.id"], name=op.f("fk_launch_token_use_mall_id")),
        sa.PrimaryKeyConstraint("mall_id", "jti", name=op.f("pk_launch_token_use")),
    )
    op.create_index(op.f("ix_launch_token_use_expires_at"), "launch_token_use", ["expires_at"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sub", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mall_id"], ["mall.id"], name=op.f("fk_member_mall_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("mall_id", "sub", name=op.f("uq_member_mall_id_sub")),
    )
    op.create_table(
        "operator",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mall_id"], ["mall.id"], name=op.f("fk_operator_mall_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
        sa.UniqueConstraint("email", name=op.f("uq_operator_email")),
    )
    op.create_table(
        "parcel",
        sa.Column("award_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carrier", sa.String(length=64), nullable=True),
        sa.Column("tracking_number", sa.String(length=64), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_parcel_award_id")),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_parcel")),
    )
    op.create_table(
        "pool_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("product_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("award_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_pool_code_award_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_pool_code_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_code")),
        sa.UniqueConstraint("award_id", name=op.f("uq_pool_code_award_id")),
        sa.UniqueConstraint("product_id", "digest", name=op.f("uq_pool_code_product_id_digest")),
    )
    op.create_index(
        "ix_pool_code_free",
        "pool_code",
        ["product_id", "id"],
        unique=False,
        postgresql_where=sa.text("award_id IS NULL"),
        sqlite_where=sa.text("award_id IS NULL"),
    )
    op.create_table(
        "stock_lot",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("first_unit", sa.BigInteger(), nullable=False),
        sa.Column("last_unit", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("1 <= first_unit AND first_unit <= last_unit", name=op.f("ck_stock_lot_is_a_range")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_stock_lot_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "line", "first_unit", name=op.f("pk_stock_lot")),
        sa.UniqueConstraint(
            "campaign_id",
            "line",
            "first_unit",
            "last_unit",
            name=op.f("uq_stock_lot_campaign_id_line_first_unit_last_unit"),
        ),
    )
    op.create_table(
        "void_play",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_void_play_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "lane", "seq", name=op.f("pk_void_play")),
    )
    op.create_table(
        "wallet_entry",
        sa.Column("transfer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_wallet_entry_balance_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["wallet_account.id"], name=op.f("fk_wallet_entry_account_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["wallet_transfer.id"], name=op.f("fk_wallet_entry_transfer_id")),
        sa.PrimaryKeyConstraint("transfer_id", "account_id", name=op.f("pk_wallet_entry")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_wallet_entry_account_id_number")),
    )
    op.create_table(
        "wallet_lot",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("transfer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "points > 0 AND remaining >= 0 AND remaining <= points", name=op.f("ck_wallet_lot_remaining_is_a_part")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["wallet_account.id"], name=op.f("fk_wallet_lot_account_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["wallet_transfer.id"], name=op.f("fk_wallet_lot_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_lot")),
    )
    op.create_index(
        "ix_wallet_lot_account",
        "wallet_lot",
        ["account_id", "expires_at", "id"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
        sqlite_where=sa.text("remaining > 0"),
    )
    op.create_index(
        "ix_wallet_lot_due",
        "wallet_lot",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
        sqlite_where=sa.text("remaining > 0"),
    )
    op.create_table(
        "wallet_taking",
        sa.Column("transfer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("lot_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_wallet_taking_points_positive")),
        sa.ForeignKeyConstraint(["lot_id"], ["wallet_lot.id"], name=op.f("fk_wallet_taking_lot_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["wallet_transfer.id"], name=op.f("fk_wallet_taking_transfer_id")),
        sa.PrimaryKeyConstraint("transfer_id", "lot_id", name=op.f("pk_wallet_taking")),
    )
    op.create_index("ix_wallet_taking_lot", "wallet_taking", ["lot_id"], unique=False)
    op.create_table(
        "member_session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mall_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mall_id"], ["mall.id"], name=op.f("fk_member_session_mall_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_member_session_member_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_member_session")),
    )
    op.create_index(op.f("ix_member_session_expires_at"), "member_session", ["expires_at"], unique=False)
    op.create_table(
        "operator_token",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name=op.f("fk_operator_token_operator_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_operator_token")),
    )
    op.create_table(
        "spent",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tally", sa.String(length=48), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 1 AND amount <= most", name=op.f("ck_spent_within_most")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_spent_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "tally", "period", name=op.f("pk_spent")),
    )
    op.create_table(
        "play",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_key", sa.String(length=22), nullable=False),
        sa.Column("fingerprint", sa.String(length=22), nullable=False),
        sa.Column("entry", sa.String(length=1000), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("previous_ordinal", sa.Integer(), nullable=True),
        sa.Column("previous_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("plays_max", sa.Integer(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("day_ordinal", sa.Integer(), nullable=False),
        sa.Column("previous_day_ordinal", sa.Integer(), nullable=True),
        sa.Column("day_plays_max", sa.Integer(), nullable=True),
        sa.Column("word", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.String(length=32), nullable=False),
        sa.Column("awarded", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.BigInteger(), nullable=True),
        sa.Column("lot_first", sa.BigInteger(), nullable=True),
        sa.Column("lot_last", sa.BigInteger(), nullable=True),
        sa.Column("numbers", sa.String(length=1000), nullable=False),
        sa.Column("played_at_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(lot_first IS NULL) = (lot_last IS NULL)", name=op.f("ck_play_lot_is_whole")),
        sa.CheckConstraint("(unit IS NULL) = (lot_first IS NULL)", name=op.f("ck_play_unit_has_lot")),
        sa.CheckConstraint(
            "CASE WHEN ordinal = 1 THEN previous_ordinal IS NULL ELSE previous_ordinal = ordinal - 1 END",
            name=op.f("ck_play_follows_previous"),
        ),
        sa.CheckConstraint(
            "CASE WHEN day_ordinal = 1 THEN previous_day_ordinal IS NULL "
            "ELSE previous_day_ordinal = day_ordinal - 1 END",
            name=op.f("ck_play_follows_previous_of_day"),
        ),
        sa.CheckConstraint("(previous_ordinal IS NULL) = (previous_id IS NULL)", name=op.f("ck_play_names_previous")),
        sa.CheckConstraint("day_ordinal >= 1 AND day_ordinal <= day_plays_max", name=op.f("ck_play_day_plays_max")),
        sa.CheckConstraint("ordinal >= 1 AND ordinal <= plays_max", name=op.f("ck_play_plays_max")),
        sa.CheckConstraint("unit BETWEEN lot_first AND lot_last", name=op.f("ck_play_unit_in_lot")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "awarded", "lot_first", "lot_last"],
            ["stock_lot.campaign_id", "stock_lot.line", "stock_lot.first_unit", "stock_lot.last_unit"],
            name="fk_play_stock_lot",
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "member_id", "previous_ordinal"],
            ["play.campaign_id", "play.member_id", "play.ordinal"],
            name="fk_play_previous",
        ),
        sa.ForeignKeyConstraint(["previous_id"], ["play.id"], name="fk_play_previous_id"),
        sa.ForeignKeyConstraint(
            ["campaign_id", "member_id", "day", "previous_day_ordinal"],
            ["play.campaign_id", "play.member_id", "play.day", "play.day_ordinal"],
            name="fk_play_previous_of_day",
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "version"],
            ["campaign_version.campaign_id", "campaign_version.version"],
            name=op.f("fk_play_campaign_id_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_play")),
        sa.UniqueConstraint("campaign_id", "lane", "seq", name=op.f("uq_play_campaign_id_lane_seq")),
        sa.UniqueConstraint(
            "campaign_id", "member_id", "day", "day_ordinal", name=op.f("uq_play_campaign_id_member_id_day_day_ordinal")
        ),
        sa.UniqueConstraint("campaign_id", "member_id", "ordinal", name=op.f("uq_play_campaign_id_member_id_ordinal")),
        sa.UniqueConstraint(
            "campaign_id", "member_id", "request_key", name=op.f("uq_play_campaign_id_member_id_request_key")
        ),
    )
    op.create_index("ix_play_member", "play", ["member_id", "id"], unique=False)
    op.create_index(
        "uq_play_unit",
        "play",
        ["campaign_id", "awarded", "unit"],
        unique=True,
        postgresql_where=sa.text("unit IS NOT NULL"),
        sqlite_where=sa.text("unit IS NOT NULL"),
    )
    op.create_table(
        "play_tally",
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tally", sa.String(length=48), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("play_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.CheckConstraint("number >= 1 AND number <= last", name=op.f("ck_play_tally_within_last")),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name=op.f("fk_play_tally_play_id")),
        sa.PrimaryKeyConstraint("campaign_id", "tally", "subject_id", "period", "number", name=op.f("pk_play_tally")),
        sa.UniqueConstraint("play_id", "tally", name=op.f("uq_play_tally_play_id_tally")),
    )


def downgrade() -> None:
    op.drop_table("play_tally")
    op.drop_index(
        "uq_play_unit",
        table_name="play",
        postgresql_where=sa.text("unit IS NOT NULL"),
        sqlite_where=sa.text("unit IS NOT NULL"),
    )
    op.drop_index("ix_play_member", table_name="play")
    op.drop_table("play")
    op.drop_table("spent")
    op.drop_table("operator_token")
    op.drop_index(op.f("ix_member_session_expires_at"), table_name="member_session")
    op.drop_table("member_session")
    op.drop_index("ix_wallet_taking_lot", table_name="wallet_taking")
    op.drop_table("wallet_taking")
    op.drop_index(
        "ix_wallet_lot_due",
        table_name="wallet_lot",
        postgresql_where=sa.text("remaining > 0"),
        sqlite_where=sa.text("remaining > 0"),
    )
    op.drop_index(
        "ix_wallet_lot_account",
        table_name="wallet_lot",
        postgresql_where=sa.text("remaining > 0"),
        sqlite_where=sa.text("remaining > 0"),
    )
    op.drop_table("wallet_lot")
    op.drop_table("wallet_entry")
    op.drop_table("void_play")
    op.drop_table("stock_lot")
    op.drop_index(
        "ix_pool_code_free",
        table_name="pool_code",
        postgresql_where=sa.text("award_id IS NULL"),
        sqlite_where=sa.text("award_id IS NULL"),
    )
    op.drop_table("pool_code")
    op.drop_table("parcel")
    op.drop_table("operator")
    op.drop_table("member")
    op.drop_index(op.f("ix_launch_token_use_expires_at"), table_name="launch_token_use")
    op.drop_table("launch_token_use")
    op.drop_index(
        "uq_delivery_once",
        table_name="delivery",
        postgresql_where=sa.text("outcome = 'delivered'"),
        sqlite_where=sa.text("outcome = 'delivered'"),
    )
    op.drop_table("delivery")
    op.drop_table("campaign_version")
    op.drop_table("award_claim")
    op.drop_table("wallet_transfer")
    op.drop_table("wallet_account")
    op.drop_table("product")
    op.drop_index(
        "ix_outbox_todo",
        table_name="outbox",
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.drop_table("outbox")
    op.drop_table("listed_member")
    op.drop_table("member_list")
    op.drop_table("mall")
    op.drop_index(op.f("ix_campaign_mall_id"), table_name="campaign")
    op.drop_table("campaign")
    op.drop_table("block_act")
    op.drop_index("ix_award_queue", table_name="award")
    op.drop_index("ix_award_member", table_name="award")
    op.drop_index(
        "ix_award_due",
        table_name="award",
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index("ix_award_campaign", table_name="award")
    op.drop_table("award")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_table("audit_entry")
