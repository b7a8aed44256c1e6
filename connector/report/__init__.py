"""The nightly discrepancy report: figures (pure), pages, charts, mail. Knows consent, store and proof."""
