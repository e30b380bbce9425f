package store

import (
	"context"
	"fmt"
	"slices"
)

// customerTables are the tables whose rows belong to an account; accounts comes
// first, the others lie beside it. An event that was refused because its account
// is unknown, belongs to no account. Every key of theirs begins with the account.
var customerTables = []string{
	"accounts", "journal", "refused_usage", "late_fees", "notices", "acceptances", "lapses", "add_ons",
	"usage_parcels", "resources", "buckets", "refused_events", "idempotency", "untold",
}

// referenceTables are the provider's own tables: small, seldom written, read by
// every transaction.
var referenceTables = []string{"provider_files", "documents", "published", "term_sets", "api_keys", "wakes", "announcements"}

// indexTables are the index of usage, which belongs to no account and grows with
// every event: they are spread by run. A run is on one node with its pages, and is
// read by its number; nothing is written beside it in its transaction.
var indexTables = []string{"usage_runs", "usage_run_pages"}

// unspread finds out whether the database has the extension Citus, remembers it, and
// returns the tables that Citus does not know yet.
func (db *DB) unspread(ctx context.Context) (tables []string, err error) {
	err = db.writer.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus')").Scan(&db.sharded)
	if err != nil || !db.sharded {
		return nil, err
	}
	for _, table := range slices.Concat(referenceTables, indexTables, customerTables) {
		var known bool
		if err := db.writer.QueryRowContext(ctx,
			"SELECT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = to_regclass($1))", table).Scan(&known); err != nil {
			return nil, err
		}
		if !known {
			tables = append(tables, table)
		}
	}
	return tables, nil
}

// spread spreads tables over the nodes: customers' by account, all beside
// accounts, so that an account lives on one node; the index of usage by run; the
// others whole on each node. A table that is spread stays as it is, so this is done
// after every migration, for the tables that it brought, and after the extension
// came to old tables.
func (db *DB) spread(ctx context.Context) error {
	tables, err := db.unspread(ctx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if _, err := db.writer.ExecContext(ctx, "SELECT "+spreading(table), table); err != nil {
			return fmt.Errorf("spreading the table %s over the nodes: %w", table, err)
		}
	}
	return nil
}

// spreading is the call that spreads a table, whose name is its parameter. The
// first of those that lie side by side lies beside no other.
func spreading(table string) string {
	column, group := "account", customerTables
	switch {
	case slices.Contains(referenceTables, table):
		return "create_reference_table($1::text::regclass)"
	case slices.Contains(indexTables, table):
		column, group = "run", indexTables
	}
	beside := group[0]
	if table == beside {
		beside = "none"
	}
	return fmt.Sprintf("create_distributed_table($1::text::regclass, '%s', colocate_with => '%s')", column, beside)
}

// Sharded says that the tables are spread over several nodes by account. A
// transaction then writes one account, or one run of the index of usage: each is on
// one node, and a transaction on one node locks nothing elsewhere.
func (db *DB) Sharded() bool { return db.sharded }

// apart calls f with all ids at once; where accounts live on several nodes, with
// one after the other, in order, since a statement that locks rows may only name
// one node's.
func apart[T any](tx *Tx, ids []string, f func(ids []string) ([]T, error)) ([]T, error) {
	if !tx.sharded {
		return f(ids)
	}
	var all []T
	for _, id := range slices.Sorted(slices.Values(ids)) {
		some, err := f([]string{id})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}
