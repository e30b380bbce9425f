package world

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"termwise.dev/sim/model"
)

// publishing draws a new version of a document, or a contract with one account.
func (d *drawer) publishing() Step {
	if d.chance(40) {
		return d.contract()
	}
	doc := d.newVersion(d.latest[d.document()])
	if _, code := d.model.MayPublish([]model.Document{doc}); code == "" {
		d.latest[doc.ID] = doc
	}
	return Publishing{Documents: []model.Document{doc}}
}

// document draws which document gets a new version; pages twice as often.
func (d *drawer) document() string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(d.latest)) {
		switch kind := d.latest[id].Kind; kind {
		case "page":
			ids = append(ids, id, id)
		case "general", "rules":
			ids = append(ids, id)
		}
	}
	return pick(d.Rand, ids...)
}

// newVersion changes a value or two of a document, and sometimes what it sells
// or for how long.
func (d *drawer) newVersion(old model.Document) model.Document {
	doc := old
	doc.Version, doc.Values = d.name("v"), maps.Clone(old.Values)
	doc.Announced, doc.Abridged, doc.Until = d.model.Now, false, time.Time{}
	for range 1 + d.IntN(2) {
		d.change(&doc)
	}
	general := d.latest["general-agreement"].Values
	promise := old.Values["change.notice"]
	withdrawn := doc.Kind == "page" && d.chance(35)
	switch {
	case withdrawn:
		promise = general["discontinuation.notice"]
	case doc.Kind == "page":
		promise = general["spec_change.notice"]
	}
	doc.Effective = d.effective(promise)
	if withdrawn {
		d.withdraw(&doc)
	}
	return doc
}

// effective draws when a version takes effect: some time from now, often with
// an hour or a day, and often as early as the notice that was promised allows,
// or a day before.
func (d *drawer) effective(promise string) time.Time {
	notice, _, counted := strings.Cut(promise, " ")
	if days, err := strconv.Atoi(notice); counted && err == nil && d.chance(40) {
		return d.midnight(d.model.Now, days-d.IntN(2))
	}
	day := 24 * time.Hour
	at := d.model.Now.Add(pick(d.Rand, 0, time.Hour, 6*time.Hour, 30*time.Hour, 4*day, 15*day, 31*day, 45*day))
	switch n := d.IntN(100); {
	case n < 40:
		return d.midnight(at, 0)
	case n < 90:
		return at.Truncate(time.Hour)
	}
	return at
}

// midnight is the beginning of the day so many days after an instant's own.
func (d *drawer) midnight(t time.Time, days int) time.Time {
	y, month, day := t.In(d.config.zone()).Date()
	return time.Date(y, month, day+days, 0, 0, 0, 0, d.config.zone()).UTC()
}

// withdraw has a page end soon, or drop a meter.
func (d *drawer) withdraw(doc *model.Document) {
	if n := len(doc.Meters); n > 1 && d.chance(50) {
		gone := d.IntN(n)
		delete(doc.Values, "price."+doc.Meters[gone].Name)
		doc.Meters = slices.Concat(doc.Meters[:gone], doc.Meters[gone+1:])
		return
	}
	doc.Until = d.midnight(doc.Effective, 1+d.IntN(4))
}

// change changes one value of a document.
func (d *drawer) change(doc *model.Document) {
	keys := slices.Clone(map[string][]string{"page": pageKeys, "general": generalKeys, "rules": rulesKeys}[doc.Kind])
	for _, m := range doc.Meters {
		if price := "price." + m.Name; len(menu[price]) > 0 {
			keys = append(keys, price, price)
		}
	}
	key := pick(d.Rand, keys...)
	if fixed[key] {
		return
	}
	if v := pick(d.Rand, menu[key]...); v != "" {
		doc.Values[key] = v
	} else {
		delete(doc.Values, key)
	}
}

// contract draws a stamped contract with one account on the price of a meter. It
// may reach back, by preference to where the meter was charged already.
func (d *drawer) contract() Step {
	id := d.account()
	name := "contract-" + id
	if _, drawn := d.latest[name]; drawn {
		return d.passing()
	}
	page := pick(d.Rand, d.pages()...)
	meter := pick(d.Rand, page.Meters...)
	effective := d.model.Now.Add(time.Duration(d.IntN(33)-25) * 24 * time.Hour)
	if charges := d.model.Books(id).Charges; len(charges) > 0 && d.chance(70) {
		c := charges[d.IntN(len(charges))]
		page = d.pageOf(c.Product)
		meter = page.Meters[slices.IndexFunc(page.Meters, func(m model.Meter) bool { return m.Name == c.Meter })]
		effective = c.Hour.Add(-time.Duration(d.IntN(48)) * time.Hour)
	}
	doc := model.Document{
		ID: name, Version: "1", Kind: "stamped", Issuer: page.Issuer, Product: page.Product, Account: id,
		Effective: effective.Truncate(time.Hour),
		Values:    map[string]string{"price." + meter.Name: pick(d.Rand, "0", "0.001", "0.5", "40") + " CNY per " + meter.Unit},
	}
	doc.Announced = doc.Effective.Add(-24 * time.Hour)
	d.latest[name] = doc
	return Publishing{Documents: []model.Document{doc}}
}
