"""The committee's rules of procedure: on what heads a bid is rejected, what bidders are asked, and what must be argued."""
