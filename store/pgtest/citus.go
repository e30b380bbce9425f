package pgtest

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
)

// disguise makes a database look like one that has the extension Citus: the
// functions that spread tables note their calls, and spread nothing.
const disguise = `
	SET allow_system_table_mods = on;
	INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
		SELECT 4200000000, 'citus', oid, 'pg_catalog'::regnamespace, false, 'disguise' FROM pg_roles WHERE rolname = current_user;
	CREATE TABLE pg_dist_partition (n BIGINT GENERATED ALWAYS AS IDENTITY, logicalrelid regclass PRIMARY KEY, call TEXT NOT NULL);
	CREATE FUNCTION create_reference_table(t regclass) RETURNS void LANGUAGE sql AS
		$$ INSERT INTO pg_dist_partition (logicalrelid, call) VALUES (t, 'reference') $$;
	CREATE FUNCTION create_distributed_table(t regclass, c text, colocate_with text DEFAULT 'default') RETURNS void LANGUAGE sql AS
		$$ INSERT INTO pg_dist_partition (logicalrelid, call) VALUES (t, 'by ' || c || ' with ' || colocate_with) $$;`

// DisguiseAsCitus makes a database look, to whoever opens it next, like
// one on several nodes. It is one database all the same and refuses nothing that
// Citus would: Spans says whether a transaction went further than a node.
func DisguiseAsCitus(t testing.TB, url string) {
	t.Helper()
	if err := execute(url, disguise); err != nil {
		t.Fatalf("disguising the database as one with Citus: %v", err)
	}
}

// SpreadTables returns how a disguised database was asked to spread each table,
// "table: how", in the order in which it was asked.
func SpreadTables(t testing.TB, url string) []string {
	t.Helper()
	return texts(t, url, "SELECT logicalrelid || ': ' || call FROM pg_dist_partition ORDER BY n")
}

// watchWrites has every table that is spread note which transaction wrote which
// account, or which run of the index. The triggers are the test's own.
const watchWrites = `
	CREATE TABLE written (transaction BIGINT NOT NULL, whose TEXT NOT NULL, place TEXT NOT NULL);
	CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN INSERT INTO written VALUES (txid_current(), TG_ARGV[0] || ' ' || (to_jsonb(coalesce(NEW, OLD)) ->> TG_ARGV[0]), TG_TABLE_NAME);
		RETURN NULL; END $$;
	DO $$ DECLARE t regclass; part TEXT; BEGIN
		FOR t, part IN SELECT logicalrelid, split_part(call, ' ', 2) FROM pg_dist_partition WHERE call LIKE 'by %' LOOP
			EXECUTE format('CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION note_write(%L)', t, part);
		END LOOP;
	END $$;`

// WatchWrites begins to note what transactions write in a disguised database
// whose tables are there.
func WatchWrites(t testing.TB, url string) {
	t.Helper()
	if err := execute(url, watchWrites); err != nil {
		t.Fatalf("watching what is written: %v", err)
	}
}

// Spans returns what each transaction wrote that wrote more than one account or run
// since WatchWrites, and which transactions wrote anything.
func Spans(t testing.TB, url string) (spans, transactions []string) {
	t.Helper()
	spans = texts(t, url, `SELECT string_agg(DISTINCT place || ' of ' || whose, ', ')
		FROM written GROUP BY transaction HAVING count(DISTINCT whose) > 1`)
	return spans, texts(t, url, "SELECT DISTINCT transaction::text FROM written")
}

func execute(url, text string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	_, err = db.Exec(text)
	return errors.Join(err, db.Close())
}

func texts(t testing.TB, url, query string) []string {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var all string
	if err := db.QueryRow("SELECT coalesce(string_agg(text, E'\n'), '') FROM (" + query + ") q (text)").Scan(&all); err != nil {
		t.Fatal(err)
	}
	if all == "" {
		return nil
	}
	return strings.Split(all, "\n")
}
