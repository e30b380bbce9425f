-- +goose Up

-- Every top-up looks for an earlier one of the same payment.
CREATE INDEX journal_topped_up ON journal (account, seq) WHERE kind = 'topped_up';

-- +goose Down
DROP INDEX journal_topped_up;
