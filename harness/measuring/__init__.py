"""What a load is measured in: schedules, histograms, frames and ledgers. Pure: no client, no clock of its own."""
