package terms

// How long data is kept, and what is deleted.
var (
	// DataBuffer is how long data is kept after what the data.buffer.on_ keys name (E 4.2); G 4.1.5 leaves it to the documents of the product.
	DataBuffer = Key[Period]{name: "data.buffer", form: periodForm, waitsFor: "retention"}
	// DataBufferFirstDay says whether the day of the event counts (X26).
	DataBufferFirstDay = Key[Counting]{name: "data.buffer.first_day", form: countingForm, waitsFor: "retention"}
	// BufferOnExpiry begins the buffer when the term expires (G 4.1.5, E 4.2).
	BufferOnExpiry = Key[bool]{name: "data.buffer.on_expiry", form: boolForm, silence: "begins no buffer", waitsFor: "retention"}
	// BufferOnEarlyEnd begins it when the service ends early (G 4.1.5, E 4.2).
	BufferOnEarlyEnd = Key[bool]{name: "data.buffer.on_early_end", form: boolForm, silence: "begins no buffer", waitsFor: "retention"}
	// BufferOnArrears begins it with arrears (G 4.1.5); E 4.2 does not name them (X10).
	BufferOnArrears = Key[bool]{name: "data.buffer.on_arrears", form: boolForm, silence: "begins no buffer", waitsFor: "retention"}
	// BufferOnBreach says whether data is kept when a serious breach ends the service, or may be cleared at once (G 7.5.2, E 4.2; X10).
	BufferOnBreach = Key[bool]{name: "data.buffer.on_breach", form: boolForm, silence: "kept as after any early end", waitsFor: "retention"}
	// DataBufferDeletes are the classes of data that are deleted as the buffer ends (G 4.1.5, S 6.4).
	DataBufferDeletes = Key[[]DataClass]{name: "data.buffer.deletes", form: dataClassesForm, waitsFor: "retention"}
	// DeletionOnRelease is what is deleted when a service is released (G 4.1.4, S 6.3, FA 4.1.4; X11).
	DeletionOnRelease = Key[DeletionScope]{name: "data.deletion.scope", form: deletionScopeForm, waitsFor: "retention"}
)

// Who may see what.
var (
	// DisclosureExceptions are the purposes for which business data may be disclosed (G 4.1.3, E 4.1, C 4.2).
	DisclosureExceptions = Key[[]DisclosurePurpose]{name: "disclosure.exceptions", form: purposesForm, silence: "only as the customer instructs", waitsFor: "confidentiality"}
	// DisclosureSharing is under which condition data is shared to provide the service (E 4.1, C 4.2).
	DisclosureSharing = Key[Sharing]{name: "disclosure.sharing", form: sharingForm, silence: "it is not shared for that", waitsFor: "confidentiality"}
	// ConfidentialityExceptions are the cases in which information need not be kept secret (G 6.4, E 6.2).
	ConfidentialityExceptions = Key[[]SecrecyException]{name: "confidentiality.exceptions", form: secrecyForm, silence: "no exception is agreed", waitsFor: "confidentiality"}
)
