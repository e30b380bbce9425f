package app

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// The files of a provider's folder that are not documents.
const (
	settingsFile = "provider.yaml"
	calendarFile = "calendar.yaml"
)

// Settings are what a provider states about itself.
type Settings struct {
	Name     string
	Currency money.Currency
	Zone     calendar.Zone
	Sellers  []Seller
}

// Seller is a party that contracts with customers.
type Seller struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

// folder is a provider's folder as it was read, not yet published.
type folder struct {
	settings  Settings
	working   *calendar.WorkingDays
	files     []store.File
	documents []store.DocumentFile
	parsed    []*terms.Document
}

type settingsYAML struct {
	Name      string   `yaml:"name"`
	Currency  string   `yaml:"currency"`
	Zone      string   `yaml:"zone"`
	Sellers   []Seller `yaml:"sellers"`
	Calendar  string   `yaml:"calendar"`
	Documents []string `yaml:"documents"`
}

// readFolder reads and parses a provider's folder. All faults of all documents
// are returned together, each with its place.
func readFolder(dir fs.FS) (*folder, error) {
	source, err := fs.ReadFile(dir, settingsFile)
	if err != nil {
		return nil, refusal.New(refusal.BadInput, "the folder has no readable %s: %v", settingsFile, err).
			At(settingsFile).Do("name a provider's folder")
	}
	f := &folder{files: []store.File{{Name: settingsFile, Source: source, Hash: terms.HashText(source)}}}
	raw, settings, err := parseSettings(source)
	if err != nil {
		return nil, err
	}
	f.settings = settings
	working, err := fs.ReadFile(dir, raw.Calendar)
	if err != nil {
		return nil, refusal.New(refusal.BadInput, "the table of working days %q cannot be read: %v", raw.Calendar, err).
			At(settingsText{settingsFile, source}.place("$.calendar")).Do("name a file of the folder under calendar")
	}
	if f.working, err = parseWorkingDays(working); err != nil {
		return nil, err
	}
	f.files = append(f.files, store.File{Name: calendarFile, Source: working, Hash: terms.HashText(working)})
	return f, f.readDocuments(dir, settingsText{settingsFile, source}, raw.Documents)
}

func parseSettings(source []byte) (settingsYAML, Settings, error) {
	file := settingsText{settingsFile, source}
	var raw settingsYAML
	if err := file.unmarshal(&raw); err != nil {
		return raw, Settings{}, err
	}
	if err := file.checkSettings(raw); err != nil {
		return raw, Settings{}, err
	}
	zone, err := calendar.ParseZone(raw.Zone)
	if err != nil {
		return raw, Settings{}, file.at("$.zone", err)
	}
	return raw, Settings{Name: raw.Name, Currency: money.Currency(raw.Currency), Zone: zone, Sellers: raw.Sellers}, nil
}

// currencyForm is how a currency is written (ISO 4217).
var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// checkSettings refuses settings that lack something, or name a seller twice.
func (f settingsText) checkSettings(raw settingsYAML) error {
	switch {
	case raw.Name == "":
		return f.refuse("$.name", "name the provider", "the settings have no name")
	case !currencyForm.MatchString(raw.Currency):
		return f.refuse("$.currency", "write the three letters of ISO 4217, for example CNY", "%q is not a currency", raw.Currency)
	case len(raw.Sellers) == 0:
		return f.refuse("$.sellers", "name at least one seller", "the settings name no seller")
	}
	named := map[string]bool{}
	for i, s := range raw.Sellers {
		if s.ID == "" || s.Name == "" || named[s.ID] {
			return f.refuse(fmt.Sprintf("$.sellers[%d].id", i), "give each seller an id of its own and a name", "seller %q cannot be told from the others", s.ID)
		}
		named[s.ID] = true
	}
	return nil
}

// readDocuments reads every *.yaml of the named folders.
func (f *folder) readDocuments(dir fs.FS, settings settingsText, folders []string) error {
	var faults []error
	for i, name := range folders {
		if info, err := fs.Stat(dir, name); err != nil || !info.IsDir() {
			faults = append(faults, settings.refuse(fmt.Sprintf("$.documents[%d]", i), "name a folder that is beside the settings", "there is no folder %q", name))
			continue
		}
		files, err := fs.Glob(dir, path.Join(name, "*.yaml"))
		if err != nil {
			return fmt.Errorf("app: listing documents: %w", err)
		}
		for _, file := range files {
			source, err := fs.ReadFile(dir, file)
			if err != nil {
				return fmt.Errorf("app: reading a document: %w", err)
			}
			d, err := terms.Parse(file, source, f.settings.Zone)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			f.parsed = append(f.parsed, d)
			f.documents = append(f.documents, store.DocumentFile{
				Document: d.ID, Version: d.Version, File: file, Source: source, Hash: d.Hash,
			})
		}
	}
	return joinFaults(faults, f.checkIssuers())
}

// checkIssuers refuses documents of sellers that the settings do not name.
func (f *folder) checkIssuers() []error {
	known := map[string]bool{}
	for _, s := range f.settings.Sellers {
		known[s.ID] = true
	}
	var faults []error
	for _, d := range f.parsed {
		if !known[d.Issuer] {
			faults = append(faults, refusal.New(refusal.DocumentInvalid, "the issuer %q is not a seller of the provider", d.Issuer).
				At(d.Place("issuer")).Do("name it under sellers in %s", settingsFile))
		}
	}
	return faults
}

type workingDaysYAML struct {
	Version   string `yaml:"version"`
	Zone      string `yaml:"zone"`
	Source    string `yaml:"source"`
	Announced []int  `yaml:"announced"`
	Holidays  []struct {
		From    string `yaml:"from"`
		To      string `yaml:"to"`
		Name    string `yaml:"name"`
		Chinese string `yaml:"chinese"`
	} `yaml:"holidays"`
	MakeUpDays []struct {
		Day string `yaml:"day"`
		For string `yaml:"for"`
	} `yaml:"make_up_days"`
}

// parseWorkingDays reads the dated table of working days.
func parseWorkingDays(source []byte) (*calendar.WorkingDays, error) {
	file := settingsText{calendarFile, source}
	var raw workingDaysYAML
	if err := file.unmarshal(&raw); err != nil {
		return nil, err
	}
	holidays, err := file.holidays(raw)
	if err != nil {
		return nil, err
	}
	var makeUps []calendar.Day
	for i, m := range raw.MakeUpDays {
		path := fmt.Sprintf("$.make_up_days[%d].day", i)
		d, err := calendar.ParseDay(m.Day)
		if err != nil {
			return nil, file.at(path, err)
		}
		if _, err := calendar.NewWorkingDays(raw.Announced, holidays, []calendar.Day{d}); err != nil {
			return nil, file.at(path, err)
		}
		makeUps = append(makeUps, d)
	}
	days, err := calendar.NewWorkingDays(raw.Announced, holidays, makeUps)
	return days, file.at("$.holidays", err)
}

// holidays lists the days of all holidays.
func (f settingsText) holidays(raw workingDaysYAML) ([]calendar.Day, error) {
	var all []calendar.Day
	for i, h := range raw.Holidays {
		path := fmt.Sprintf("$.holidays[%d]", i)
		from, err := calendar.ParseDay(h.From)
		if err != nil {
			return nil, f.at(path+".from", err)
		}
		to, err := calendar.ParseDay(h.To)
		if err != nil {
			return nil, f.at(path+".to", err)
		}
		if to < from || to-from > longestHoliday {
			return nil, f.refuse(path+".to", fmt.Sprintf("let it end on its first day or at most %d days later", longestHoliday), "a holiday from %s to %s", from, to)
		}
		var days []calendar.Day
		for d := from; d <= to; d++ {
			days = append(days, d)
		}
		if _, err := calendar.NewWorkingDays(raw.Announced, days, nil); err != nil {
			return nil, f.at(path+".from", err)
		}
		all = append(all, days...)
	}
	return all, nil
}

// longestHoliday bounds a holiday, in days after its first: a slip of the pen in
// a year must not be read as a holiday of years.
const longestHoliday = 60

// loadPublished reads everything published from the database.
func loadPublished(ctx context.Context, tx *store.Tx) (*Provider, error) {
	files, err := tx.ProviderFiles(ctx)
	if err != nil {
		return nil, err
	}
	p := &Provider{}
	for _, f := range files {
		switch f.Name {
		case settingsFile:
			_, p.Settings, err = parseSettings(f.Source)
		case calendarFile:
			p.WorkingDays, err = parseWorkingDays(f.Source)
		}
		if err != nil {
			return nil, err
		}
	}
	if p.Settings.Name == "" {
		return nil, refusal.New(refusal.NotFound, "nothing has been published to this database").
			Do("run: termwise publish DIR")
	}
	documents, err := tx.Documents(ctx)
	if err != nil {
		return nil, err
	}
	p.Documents, err = parsePublished(documents, p.Settings.Zone)
	if err != nil {
		return nil, err
	}
	p.Corpus, err = terms.NewCorpus(p.Documents)
	return p, err
}

func parsePublished(files []store.DocumentFile, zone calendar.Zone) ([]terms.Published, error) {
	published := make([]terms.Published, 0, len(files))
	for _, f := range files {
		d, err := terms.Parse(f.File, f.Source, zone)
		if err != nil {
			return nil, err
		}
		published = append(published, terms.Published{Document: d, Recorded: f.Recorded})
	}
	return published, nil
}
