package store

import "termwise.dev/core/journal"

// Rows that no journal entry covers carry a digest of their own content, so that
// a byte that was changed by hand is found and its row named.

// Seal returns the digest that the document must carry.
func (d *DocumentFile) Seal() int64 {
	var e journal.Encoder
	e.Text("document").Text(d.Document).Text(d.Version).Text(d.File).Bytes(d.Source).Bytes(d.Hash[:]).Int(int64(d.Recorded))
	return e.Digest()
}

// Seal returns the digest that a revision of the file must carry.
func (f *File) Seal(revision int64) int64 {
	var e journal.Encoder
	e.Text("provider_file").Text(f.Name).Int(revision).Bytes(f.Source).Bytes(f.Hash[:]).Int(int64(f.Recorded))
	return e.Digest()
}

// Seal returns the digest that the refused event must carry.
func (r *RefusedEvent) Seal() int64 {
	var e journal.Encoder
	e.Text("refused_event").Text(r.Account).Text(r.ID).Text(r.Source).Text(r.Event).Text(string(r.Code)).
		Text(r.Message).Text(r.Place).Text(r.Customer).Text(r.Product).Text(r.Resource).Int(bit(r.Point)).
		Int(int64(r.From)).Int(int64(r.To)).Int(int64(len(r.Measures)))
	for _, m := range r.Measures {
		e.Text(m.Meter).Int(m.Value)
	}
	e.Int(bit(r.Unread)).Int(r.Terms).Int(int64(r.Recorded))
	return e.Digest()
}

// bit is how a yes or no is stored.
func bit(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// Seal returns the digest that the answer must carry.
func (a *Answer) Seal() int64 {
	var e journal.Encoder
	e.Text("answer").Text(a.Account).Text(a.Key).Bytes(a.Request[:]).Int(int64(a.Status)).Bytes(a.Answer).Int(int64(a.Recorded))
	return e.Digest()
}
