package refusal

import (
	"errors"
	"fmt"
	"strings"
)

// Code names one reason to refuse. Codes are stable: clients switch on them.
type Code string

// The closed set. Each comment says when the code is given.
const (
	// BadInput: a value cannot be read or lies outside what it may be.
	BadInput Code = "bad_input"
	// Unauthenticated: no key, or a key that is not known.
	Unauthenticated Code = "unauthenticated"
	// Forbidden: a known key that may not do this.
	Forbidden Code = "forbidden"
	// NotFound: the thing that was named does not exist (or is not the caller's to see).
	NotFound Code = "not_found"
	// AlreadyExists: the name is taken by something with other content.
	AlreadyExists Code = "already_exists"
	// KeyReused: an idempotency key came back with a different request.
	KeyReused Code = "idempotency_key_reused"
	// UnknownAccount: no account has this id.
	UnknownAccount Code = "unknown_account"
	// UnknownProduct: no published page sells this product.
	UnknownProduct Code = "unknown_product"
	// UnknownMeter: the product's page does not declare this meter.
	UnknownMeter Code = "unknown_meter"
	// BadInterval: a usage interval that ends before it starts, is empty, or is not in whole seconds.
	BadInterval Code = "bad_interval"
	// BadQuantity: a quantity or rate that is negative or too large.
	BadQuantity Code = "bad_quantity"
	// BeforeAccount: usage or money dated before the account was opened.
	BeforeAccount Code = "before_account"
	// EventReused: a usage event's id came back with another body.
	EventReused Code = "event_id_reused"
	// Suspended: usage while the service was suspended.
	Suspended Code = "service_suspended"
	// Released: usage of a resource after it was released.
	Released Code = "resource_released"
	// Ended: usage after the service ended.
	Ended Code = "service_ended"
	// PayablesUnsettled: opening pay-as-you-go service while payables are unsettled.
	PayablesUnsettled Code = "payables_unsettled"
	// MethodNotOffered: the terms do not name this way of paying.
	MethodNotOffered Code = "method_not_offered"
	// TermMissing: no bound document sets a term that is needed.
	TermMissing Code = "term_missing"
	// TermConflict: bound documents set unequal values and no declaration ranks them.
	TermConflict Code = "term_conflict"
	// DocumentInvalid: a document breaks the rules of documents.
	DocumentInvalid Code = "document_invalid"
	// NoticeTooShort: a new version takes effect before its notice period has run.
	NoticeTooShort Code = "notice_too_short"
	// ChangeHidden: a new version declares less than it changes, or something that it does not.
	ChangeHidden Code = "change_hidden"
	// ChangeInEffect: a dissent that comes after the change took effect.
	ChangeInEffect Code = "change_in_effect"
	// NoWayOut: no document that binds says how to leave over a change.
	NoWayOut Code = "no_way_out"
	// NotAccepted: no agreement binds the account.
	NotAccepted Code = "agreement_not_accepted"
	// ClockIsReal: a command moves time on a database whose clock is real.
	ClockIsReal Code = "clock_is_real"
	// ClockBackward: a command moves time backward.
	ClockBackward Code = "clock_backward"
	// Overflow: an amount or a quantity leaves the range that can be held exactly.
	Overflow Code = "overflow"
)

// Codes lists the closed set in the order in which it is documented.
func Codes() []Code {
	return []Code{
		BadInput, Unauthenticated, Forbidden, NotFound, AlreadyExists, KeyReused,
		UnknownAccount, UnknownProduct, UnknownMeter, BadInterval, BadQuantity,
		BeforeAccount, EventReused, Suspended, Released, Ended, PayablesUnsettled,
		MethodNotOffered, TermMissing, TermConflict, DocumentInvalid,
		NoticeTooShort, ChangeHidden, ChangeInEffect, NoWayOut, NotAccepted, ClockIsReal, ClockBackward, Overflow,
	}
}

// Error is a refusal: a code, where the fault is, and what to do about it.
type Error struct {
	Code Code
	// Place says where: "file.yaml:12:5", "field account", "row 7, column rate". It may be empty.
	Place string
	// Message says what is wrong, with the value.
	Message string
	// Hint says what to do.
	Hint string
}

// New makes a refusal whose message is formatted as by fmt.Sprintf.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns a copy that names the place of the fault.
func (e *Error) At(place string) *Error {
	c := *e
	c.Place = place
	return &c
}

// Do returns a copy that says what to do, formatted as by fmt.Sprintf.
func (e *Error) Do(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// Error gives place, message and hint in one line.
func (e *Error) Error() string {
	s := e.Message
	if e.Place != "" {
		s = e.Place + ": " + s
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// CodeOf returns the code of the first refusal in err's chain, or "".
func CodeOf(err error) Code {
	var r *Error
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// List writes words one after the other, for what a refusal says to use.
func List[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
