using KeyMeld.Attestation;
using static KeyMeld.Tests.Attestation.Mock.MockNitro;
using static KeyMeld.Tests.Attestation.Mock.RawCbor;

namespace KeyMeld.Tests.Attestation;

/// <summary>Size, COSE and CBOR: what real hardware may send is read, everything else is refused before any key is touched.</summary>
public class DocumentFormTests
{
    [Fact]
    public void The_mock_document_is_right() => Assert.Equal(EnclaveId, Right.Verify(Right.Document()).ModuleId);

    [Fact]
    public void Tag_18_is_read_and_no_other()
    {
        Right.Verify(Tag(18, Right.Document()));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Tag(17, Right.Document())));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Tag(98, Right.Document())));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Tag(18, Tag(18, Right.Document()))));
    }

    [Fact]
    public void The_payload_may_be_an_indefinite_map_in_any_order()
    {
        Right.Verify(Right.Sign(IndefiniteMap(Entries(Right.Fields()))));
        Right.Verify(Right.Sign(Payload(Right.Fields().AsEnumerable().Reverse())));
    }

    [Fact]
    public void Absent_optionals_are_null_or_left_out()
    {
        var fields = Right.Fields().Where(field => field.Name is not ("public_key" or "user_data" or "nonce"));
        var left = Right.Verify(Right.Sign(Payload(fields)));
        Assert.Null(left.PublicKey);
        Assert.Null(left.UserData);
        Assert.Null(left.Nonce);
    }

    [Fact]
    public void Unknown_keys_are_passed_over()
    {
        Right.Verify(Right.With(("future", Uint(1)), ("more", Map((Text("a"), Array(Null, Tag(1, Uint(2)))))), ("deep", Nested(3))));
        Right.Verify(Right.With(("stream", [0x5f, 0x41, 0x01, 0xff]), ("float", [0xf9, 0x3c, 0x00])));
    }

    [Fact]
    public void K20_an_unknown_value_nested_too_deeply_is_refused()
    {
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("deep", Nested(4)))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("deep", Nested(10_000)))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("tags", [.. Enumerable.Repeat((byte)0xc1, 10_000), 0]))));
    }

    [Fact]
    public void K20_a_document_larger_than_16_KiB_or_empty_is_refused_unread()
    {
        Assert.Equal(AttestationFailure.Size, Right.Refusal(new byte[AttestationDocument.MaxSize + 1]));
        Assert.Equal(AttestationFailure.Size, Right.Refusal([]));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(new byte[AttestationDocument.MaxSize]));
    }

    [Fact]
    public void K20_trailing_bytes_are_refused_everywhere()
    {
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal([.. Right.Document(), 0]));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign([.. Payload(Right.Fields()), 0])));
        Assert.Equal(AttestationFailure.Algorithm, Right.Refusal(Right.Sign(Payload(Right.Fields()), [0xa1, 0x01, 0x38, 0x22, 0x00])));
    }

    [Fact]
    public void K20_a_key_there_twice_is_refused_however_it_is_spelled()
    {
        var entries = Entries(Right.Fields());
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign(Map([.. entries, entries[0]]))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign(IndefiniteMap([.. entries, entries[8]]))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign(Map([.. entries, (Longer(Text("nonce")), Bytes([1]))]))));
        var registers = Enumerable.Range(0, 3).Select(index => (Uint((ulong)index), Bytes(Register(9)))).ToArray();
        Right.Verify(Right.With(("pcrs", Map(registers))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("pcrs", Map([.. registers, registers[0]])))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("pcrs", Map([.. registers, (Longer(Uint(0)), Bytes(Register(1)))])))));
    }

    [Fact]
    public void K20_lengths_that_promise_more_than_is_there_are_refused()
    {
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign([0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign([0xba, 0xff, 0xff, 0xff, 0xff])));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("future", [0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))));
    }

    [Fact]
    public void Another_envelope_than_an_array_of_four_is_refused()
    {
        var payload = Payload(Right.Fields());
        byte[][] parts = [Bytes([0xa1, 0x01, 0x38, 0x22]), Map(), Bytes(payload), Bytes(Right.Signature(payload))];
        Right.Verify(Array(parts));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Array(parts[..3])));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Array([.. parts, Null])));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal([0x9f, .. parts.SelectMany(part => part), 0xff]));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Array(parts[0], Map((Uint(1), Uint(1))), parts[2], parts[3])));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Array(parts[0], [0xbf, 0xff], parts[2], parts[3])));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Array(parts[0], parts[1], Null, parts[3])));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Array(parts[0], parts[1], [0x5f, .. parts[2], 0xff], parts[3])));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Array(parts[0], parts[1], parts[2], Bytes(new byte[95]))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Array(parts[0], parts[1], parts[2], Bytes(new byte[97]))));
    }

    [Theory]
    [InlineData("a10126")]
    [InlineData("a10127")]
    [InlineData("a1013823")]
    [InlineData("a10138220000")]
    [InlineData("a201382204410b")]
    [InlineData("bf013822ff")]
    [InlineData("a1190001" + "3822")]
    [InlineData("a0")]
    [InlineData("")]
    public void Any_other_protected_header_than_ES384_is_refused_though_it_is_signed(string header) =>
        Assert.Equal(AttestationFailure.Algorithm, Right.Refusal(Right.Sign(Payload(Right.Fields()), Convert.FromHexString(header))));

    [Fact]
    public void Keys_and_values_of_another_type_are_refused()
    {
        var entries = Entries(Right.Fields());
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign(Map([.. entries, (Uint(7), Null)]))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign(Map([.. entries, (Bytes("nonce"u8), Null)]))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign(Map([.. entries, ([0x7f, 0x61, 0x61, 0xff], Null)]))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign(Map([.. entries, ([0x62, 0xc3, 0x28], Null)]))));
        Assert.All(Right.Fields(), field => Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With((field.Name, [0xf5])))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.Sign(Array())));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("timestamp", [0x20]))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("nonce", [0x5f, 0x41, 0x01, 0xff]))));
        Assert.Equal(AttestationFailure.Encoding, Right.Refusal(Right.With(("nonce", [0xf7]))));
    }
}
