using KeyMeld.Attestation;
using static KeyMeld.Tests.Attestation.Mock.MockNitro;
using static KeyMeld.Tests.Attestation.Mock.RawCbor;

namespace KeyMeld.Tests.Attestation;

/// <summary>The rules of each field, all in validly signed documents.</summary>
public class DocumentFieldTests
{
    [Theory]
    [InlineData("module_id")]
    [InlineData("digest")]
    [InlineData("timestamp")]
    [InlineData("pcrs")]
    [InlineData("certificate")]
    [InlineData("cabundle")]
    public void A_missing_field_is_refused(string name) => Assert.Equal(AttestationFailure.Field, Right.Refusal(Right.Without(name)));

    [Fact]
    public void A_value_out_of_its_rule_is_refused()
    {
        (string Name, byte[] Value)[] wrong =
        [
            ("module_id", Text("")),
            ("module_id", Text(new string('i', 129))),
            ("digest", Text("SHA256")),
            ("digest", Text("sha384")),
            ("timestamp", Uint(0)),
            ("timestamp", Uint(253_402_300_800_000)),
            ("timestamp", Uint(ulong.MaxValue)),
            ("pcrs", Map()),
            ("pcrs", Pcrs((0, Register(1)), (2, Register(1)))),
            ("pcrs", Pcrs((0, Register(1)), (1, Register(1)), (2, new byte[32]))),
            ("pcrs", Pcrs((0, Register(1)), (1, Register(1)), (2, new byte[64]))),
            ("pcrs", Pcrs((0, Register(1)), (1, Register(1)), (2, Register(1)), (32, Register(1)))),
            ("pcrs", Pcrs((0, Register(1)), (1, Register(1)), (2, Register(1)), (ulong.MaxValue, Register(1)))),
            ("certificate", Bytes([])),
            ("certificate", Bytes(new byte[1025])),
            ("cabundle", Array()),
            ("cabundle", Array(Bytes([]))),
            ("cabundle", Array(Bytes(new byte[1025]))),
            ("cabundle", Array([.. Enumerable.Repeat(Bytes([1]), 9)])),
            ("public_key", Bytes([])),
            ("public_key", Bytes(new byte[1025])),
            ("user_data", Bytes(new byte[1025])),
            ("nonce", Bytes(new byte[1025])),
        ];
        Assert.All(wrong, change => Assert.Equal(AttestationFailure.Field, Right.Refusal(Right.With(change))));
    }

    [Fact]
    public void Values_at_their_limits_are_read()
    {
        var full = new byte[1024];
        var verified = Right.Verify(Right.With(("public_key", Bytes(full)), ("user_data", Bytes(full)), ("nonce", Bytes(full))));
        Assert.Equal((1024, 1024, 1024), (verified.PublicKey!.Value.Length, verified.UserData!.Value.Length, verified.Nonce!.Value.Length));
        Assert.Equal(0, Right.Verify(Right.With(("nonce", Bytes([])))).Nonce!.Value.Length);
        var all = Pcrs([.. Enumerable.Range(0, 32).Select(index => ((ulong)index, Register(5)))]);
        Assert.Equal(Enumerable.Range(0, 32), Right.Verify(Right.With(("pcrs", all))).Pcrs.Indexes);
    }

    [Fact]
    public void K31_a_NitroTPM_document_is_refused_with_and_without_the_registers_of_an_enclave()
    {
        Assert.Equal(AttestationFailure.Product, Right.Refusal(Right.With(("nitrotpm_pcrs", RightPcrs))));
        var tpm = Right.Fields().Select(field => field.Name == "pcrs" ? ("nitrotpm_pcrs", field.Value) : field);
        Assert.Equal(AttestationFailure.Product, Right.Refusal(Right.Sign(Payload(tpm))));
    }

    [Theory]
    [InlineData("i-0123456789abcdef0-tpm0000000000000000")]
    [InlineData("i-0123456789abcdef0")]
    [InlineData("i-0123456789abcdef0-enc")]
    [InlineData("i-0123456789abcdef0-enc0123456789abcde")]
    [InlineData("i-0123456789abcdef0-enc0123456789ABCDEF")]
    [InlineData("i-0123456789abcdef0-ENC0123456789abcdef")]
    [InlineData("i-0123456789abcdefg-enc0123456789abcdef")]
    [InlineData("i-0123456-enc0123456789abcdef")]
    [InlineData("-0123456789abcdef0-enc0123456789abcdef")]
    [InlineData("i-0123456789abcdef0-enc0123456789abcdef-tpm0")]
    [InlineData("mi-0123456789abcdef0-enc0123456789abcdef")]
    [InlineData("i-0123456789abcdef0-enc0123456789abcdef\n")]
    public void K31_a_module_that_is_no_enclave_is_refused(string moduleId) =>
        Assert.Equal(AttestationFailure.Product, Right.Refusal(Right.With(("module_id", Text(moduleId)))));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void K14_a_zero_in_any_of_the_first_three_registers_is_debug_mode(int zero)
    {
        var registers = Pcrs([.. Enumerable.Range(0, 16).Select(index => ((ulong)index, Register((byte)(index == zero ? 0 : 1))))]);
        Assert.Equal(AttestationFailure.DebugMode, Right.Refusal(Right.With(("pcrs", registers))));
    }

    [Fact]
    public void A_register_with_one_bit_set_is_not_zero()
    {
        var last = new byte[48];
        last[47] = 1;
        Right.Verify(Right.With(("pcrs", Pcrs((0, last), (1, last), (2, last)))));
    }
}
