package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"termwise.dev/core/money"
)

// page collects what a person reads.
type page struct {
	text     strings.Builder
	terminal bool
}

// line adds a line.
func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// heading adds a heading after an empty line.
func (p *page) heading(format string, args ...any) {
	p.line("\n%s", p.bold(fmt.Sprintf(format, args...)))
}

// bold makes text stand out on a terminal.
func (p *page) bold(s string) string {
	if !p.terminal {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

// emphasise makes text stand out wherever it is read: G 0.4 and its like ask for
// bold type, for which plain text has asterisks.
func (p *page) emphasise(s string) string {
	if !p.terminal {
		return "**" + s + "**"
	}
	return p.bold(s)
}

// paragraph adds wrapped text, indented.
func (p *page) paragraph(indent int, s string) {
	p.paragraphOf(indent, s, func(line string) string { return line })
}

// paragraphOf is paragraph with each line shown by show.
func (p *page) paragraphOf(indent int, s string, show func(string) string) {
	for _, l := range strings.Split(text.WrapSoft(strings.TrimSpace(s), 96-indent), "\n") {
		p.line("%s%s", strings.Repeat(" ", indent), show(strings.TrimRight(l, " ")))
	}
}

// clauseText adds a clause's text, as the document prints it.
func (p *page) clauseText(indent int, s string, emphasis bool) {
	if emphasis {
		p.paragraphOf(indent, s, p.emphasise)
		return
	}
	p.paragraph(indent, s)
}

// cell is a value in a table.
type cell = any

// table adds a table. Columns with a number or an amount stand to the right.
func (p *page) table(header []string, rows [][]cell, footer ...cell) {
	t := newTable()
	t.AppendHeader(shown(cells(header)))
	for _, row := range rows {
		t.AppendRow(shown(row))
	}
	if len(footer) > 0 {
		t.AppendFooter(shown(footer))
	}
	t.SetColumnConfigs(alignments(len(header), rows))
	p.render(t)
}

func newTable() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Options.SeparateHeader = true
	t.Style().Options.SeparateFooter = true
	t.Style().Format.Header = text.FormatDefault
	t.Style().Format.Footer = text.FormatDefault
	return t
}

func (p *page) render(t table.Writer) {
	for _, l := range strings.Split(t.Render(), "\n") {
		p.line("%s", strings.TrimRight(strings.ReplaceAll(l, unbroken, " "), " "))
	}
}

// unbroken stands for a space at which no line is broken, while a table is made.
const unbroken = "\ue000"

func cells(texts []string) []cell {
	row := make([]cell, len(texts))
	for i, s := range texts {
		row[i] = s
	}
	return row
}

func alignments(columns int, rows [][]cell) []table.ColumnConfig {
	configs := make([]table.ColumnConfig, columns)
	for i := range configs {
		align := text.AlignDefault
		if slices.ContainsFunc(rows, func(row []cell) bool { return isNumber(row[i]) }) {
			align = text.AlignRight
		}
		configs[i] = table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align, AlignFooter: align}
	}
	return configs
}

func isNumber(c cell) bool {
	switch c.(type) {
	case int, int64, money.Amount:
		return true
	}
	return false
}

func shown(row []cell) table.Row {
	out := make(table.Row, len(row))
	for i, c := range row {
		switch v := c.(type) {
		case int:
			out[i] = grouped(strconv.Itoa(v))
		case int64:
			out[i] = grouped(strconv.FormatInt(v, 10))
		case money.Amount:
			out[i] = exact(v)
		default:
			out[i] = v
		}
	}
	return out
}

// exact shows money with all its decimals and the thousands grouped.
func exact(a money.Amount) string {
	whole, fraction, _ := strings.Cut(a.String(), ".")
	return grouped(whole) + "." + fraction
}

// amount is exact without the zeros at the end, but with at least two decimals:
// for sentences, where nothing has to stand in columns.
func amount(a money.Amount) string {
	s := exact(a)
	cents := len(s) - 4
	return s[:cents] + strings.TrimRight(s[cents:], "0")
}

// count shows a number with its thousands grouped.
func count[N int | int64](n N) string { return grouped(strconv.FormatInt(int64(n), 10)) }

// grouped puts commas between the thousands of a whole number.
func grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural gives a number and a noun that agrees with it.
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// columns adds a table of texts in columns of the given widths, in which
// long texts are wrapped: for people who read documents.
func (p *page) columns(header []string, widths []int, rows [][]string) {
	t := newTable()
	t.AppendHeader(shown(cells(header)))
	for _, row := range rows {
		t.AppendRow(shown(cells(row)))
	}
	configs := make([]table.ColumnConfig, len(widths))
	for i, width := range widths {
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMin: width, WidthMax: width, WidthMaxEnforcer: text.WrapSoft}
	}
	t.SetColumnConfigs(configs)
	p.render(t)
}
