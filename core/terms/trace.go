package terms

import "slices"

// Trace is how a value was found: it is recomputed from the Set, identically,
// whenever someone asks.
type Trace struct {
	Key        string      `json:"key"`
	Text       string      `json:"text"`   // the value as the document writes it, or what silence means
	Silent     bool        `json:"silent"` // no bound document sets the key
	Citation   Citation    `json:"citation"`
	Considered []Candidate `json:"considered"` // every clause that sets the key, the winner among them
}

// Candidate is a clause that sets the key.
type Candidate struct {
	Citation  Citation `json:"citation"`
	Text      string   `json:"text"`
	Lost      string   `json:"lost,omitempty"` // why it lost; "" for the winner
	DecidedBy Citation `json:"decided_by"`     // the clause that ranks it below the winner; zero when none was needed
}

// Citations lists the clauses that the value rests on: the one that sets it, and
// those that rank it above what others set.
func (t Trace) Citations() Citations {
	var used Citations
	if t.Citation != (Citation{}) {
		used = append(used, t.Citation)
	}
	for _, c := range t.Considered {
		if c.DecidedBy != (Citation{}) && !slices.Contains(used, c.DecidedBy) {
			used = append(used, c.DecidedBy)
		}
	}
	return used
}

// Cites says whether the value rests on a clause (see Citations).
func (t Trace) Cites(code, clause string) bool { return t.Citations().Cites(code, clause) }

// Trace explains what a key means for the Set. It refuses what Get refuses, with
// what was considered in the Trace, and a name that is not a key with bad_input.
func (s *Set) Trace(key string) (Trace, error) {
	def, err := define(key)
	if err != nil {
		return Trace{Key: key}, err
	}
	r, ok := s.resolved[key]
	if !ok {
		return s.traceSilence(key, def.Info().Silence)
	}
	t := Trace{Key: key, Considered: []Candidate{}}
	for _, c := range candidatesOf(s.documents)[key] {
		t.Considered = append(t.Considered, s.ranking.explain(c, r))
	}
	if r.err != nil {
		return t, r.err
	}
	t.Text, t.Citation = r.winner.term.Text, r.winner.citation()
	return t, nil
}

func (s *Set) traceSilence(key string, silence Silence) (Trace, error) {
	t := Trace{Key: key, Silent: true, Text: string(silence), Considered: []Candidate{}}
	if silence == SilenceIsError {
		return t, s.missing(key)
	}
	return t, nil
}

// explain says how a candidate fared in a resolution.
func (r *ranking) explain(c candidate, res resolution) Candidate {
	out := Candidate{Citation: c.citation(), Text: c.term.Text}
	if res.err != nil {
		out.Lost = "undecided"
		return out
	}
	if c == res.winner {
		return out
	}
	v := r.compare(res.winner.document, c.document)
	if v.beats {
		out.Lost, out.DecidedBy = v.why, v.by
		return out
	}
	out.Lost = "sets the same value"
	return out
}
