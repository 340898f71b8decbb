using System.Formats.Cbor;
using KeyMeld.Attestation;
using KeyMeld.Tests.Support;
using static KeyMeld.Tests.DevKit.Nsm.NsmSimulatorTests;

namespace KeyMeld.Tests.DevKit.Nsm;

/// <summary>The device's bytes, as in the vectors; order and errors as nsm-check of aws-nitro-enclaves-nsm-api expects them.</summary>
public class NsmDeviceTests
{
    [Fact]
    public async Task Every_request_of_the_vectors_is_understood()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        using var connection = machine.Connect();
        var expected = new Dictionary<string, string>
        {
            ["DescribeNSM"] = "a16b44657363726962654e534da7",
            ["GetRandom"] = "a16947657452616e646f6da16672616e646f6d590100",
            ["DescribePCR_0"] = "a16b4465736372696265504352a2646c6f636bf564646174615830",
            ["DescribePCR_31"] = "a16b4465736372696265504352a2646c6f636bf464646174615830",
            ["ExtendPCR_16_010203"] = "a169457874656e64504352a164646174615830",
            ["LockPCR_16"] = Vector("responses", "LockPCR"),
            ["LockPCRs_32"] = Vector("responses", "LockPCRs"),
            ["Attestation_all_null"] = "a16b4174746573746174696f6ea168646f63756d656e7459",
            ["Attestation_userdata_00x1_nonce_null_pub_01020304"] = "a16b4174746573746174696f6ea168646f63756d656e7459",
            ["Attestation_nonce32_only"] = "a16b4174746573746174696f6ea168646f63756d656e7459",
        };
        var requests = Vectors.Json("nsm", "nsm-cbor-derived.json").GetProperty("requests").EnumerateObject().ToArray();
        Assert.Equal(expected.Keys.Order(), requests.Select(request => request.Name).Order());
        Assert.All(requests, request => Assert.StartsWith(expected[request.Name], connection.AskHex(request.Value.GetString()!), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Register_answers_are_byte_for_byte_those_of_the_vectors()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        using var connection = machine.Connect();
        Assert.Equal(Vector("responses", "DescribePCR_locked_zero"), connection.AskHex(DescribePcr(15)));
        var extended = PcrMath.Extend(PcrMath.Zero, [1, 2, 3]);
        Assert.Equal(Vector("responses", "ExtendPCR")[..^96] + Convert.ToHexStringLower(extended),
            connection.AskHex(Vector("requests", "ExtendPCR_16_010203")));
        Assert.Equal(Vector("responses", "LockPCR"), connection.AskHex(Vector("requests", "LockPCR_16")));
        Assert.Equal(Vector("responses", "Error_ReadOnlyIndex"), connection.AskHex(Vector("requests", "LockPCR_16")));
        Assert.Equal(Vector("responses", "Error_ReadOnlyIndex"), connection.AskHex(Vector("requests", "ExtendPCR_16_010203")));
        Assert.Equal(Vector("responses", "Error_InvalidIndex"), connection.AskHex("a16b4465736372696265504352a165696e6465781820"));
        Assert.Equal(Vector("responses", "Error_InvalidIndex"), connection.AskHex("a1684c6f636b50435273a16572616e67651821"));
        Assert.Equal(Vector("responses", "LockPCRs"), connection.AskHex(Vector("requests", "LockPCRs_32")));
    }

    [Fact]
    public async Task DescribeNSM_is_in_the_order_of_the_vectors()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        using var connection = machine.Connect();
        var module = AttestationDocument.Parse(connection.Attest(null, null, null)).ModuleId;
        var vector = Vector("responses", "DescribeNSM_serde_order");
        var moduleInVector = "6e" + Convert.ToHexStringLower("i-1234-enc5678"u8);
        Assert.Contains(moduleInVector, vector, StringComparison.Ordinal);
        var expected = vector.Replace(moduleInVector, $"78{module.Length:x2}" + Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(module)),
            StringComparison.Ordinal);
        Assert.Equal(expected, connection.AskHex(Vector("requests", "DescribeNSM")));
    }

    [Fact]
    public async Task Registers_behave_as_nsm_check_expects_of_the_real_device()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        using var connection = machine.Connect();
        for (var index = 0; index < 32; index++)
        {
            var (locked, value) = ReadPcr(connection.Ask(Convert.FromHexString(DescribePcr(index))));
            Assert.Equal(index < 16, locked);
            Assert.Equal(index is 0 or 1 or 2 or 4, value.AsSpan().ContainsAnyExcept((byte)0));
        }
        Assert.All(Enumerable.Range(0, 16), index => Assert.Equal(Error("ReadOnlyIndex"), connection.AskHex(LockPcr(index))));
        Assert.All(Enumerable.Range(16, 16), index => Assert.Equal(Vector("responses", "LockPCR"), connection.AskHex(LockPcr(index))));
        Assert.Equal(Enumerable.Range(0, 32), AttestationDocument.Parse(connection.Attest(null, null, null)).Pcrs.Indexes);
        using var nextBoot = machine.Connect();
        Assert.Equal(Enumerable.Range(0, 16), AttestationDocument.Parse(nextBoot.Attest(null, null, null)).Pcrs.Indexes);
    }

    [Fact]
    public async Task An_extended_and_locked_register_is_attested()
    {
        await using var machine = new SimulatedMachine();
        var simulator = await machine.StartAsync();
        using var connection = machine.Connect();
        connection.AskHex(Vector("requests", "ExtendPCR_16_010203"));
        Assert.False(AttestationDocument.Parse(connection.Attest(null, null, null)).Pcrs.TryGet(16, out _));
        connection.AskHex(Vector("requests", "LockPCR_16"));
        var verified = machine.Verify(simulator, connection.Attest([], [], null), AttestationExpectations.Identity([], []));
        Assert.Equal(Convert.ToHexStringLower(PcrMath.Extend(PcrMath.Zero, [1, 2, 3])), verified.Pcrs[16]);
    }

    [Fact]
    public async Task A_document_has_the_form_of_a_real_one()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        var document = machine.Attest(null, [7], null);
        Assert.Equal("8444a1013822a0", Convert.ToHexStringLower(document.AsSpan(0, 7)));
        Assert.Equal(KeysOf(Attestation.RealDocuments.Read(Attestation.RealDocuments.Base)), KeysOf(document));
        var parsed = AttestationDocument.Parse(document);
        Assert.Equal(4, parsed.CaBundle.Count);
        Assert.Null(parsed.PublicKey);
        Assert.Null(parsed.UserData);
        Assert.Equal([7], parsed.Nonce!.Value.ToArray());
    }

    [Fact]
    public async Task All_three_fields_take_1024_bytes_and_not_one_more()
    {
        await using var machine = new SimulatedMachine();
        var simulator = await machine.StartAsync();
        var full = new byte[1024];
        var document = machine.Attest(full, full, full);
        machine.Verify(simulator, document,
            new() { Nonce = FieldExpectation.EqualTo(full), UserData = FieldExpectation.EqualTo(full), PublicKey = FieldExpectation.EqualTo(full) });
        using var connection = machine.Connect();
        var request = "a16b4174746573746174696f6ea1656e6f6e6365590401" + new string('0', 2050);
        Assert.Equal(Error("InputTooLarge"), connection.AskHex(request));
    }

    [Fact]
    public async Task Random_bytes_differ_each_time()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        using var connection = machine.Connect();
        var answers = Enumerable.Range(0, 16).Select(_ => connection.AskHex(Vector("requests", "GetRandom"))).ToArray();
        Assert.Equal(16, answers.Distinct().Count());
        Assert.All(answers, answer => Assert.Equal(2 * (22 + 256), answer.Length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("6b44657363726962654e534d00")]
    [InlineData("6b44657363726962654e534c")]
    [InlineData("a16b4465736372696265504352a0")]
    [InlineData("a16b4465736372696265504352a165696e64657820")]
    [InlineData("a16b4465736372696265504352a165696e6465781a00010000")]
    [InlineData("a16b4465736372696265504352a265696e6465780065696e64657801")]
    [InlineData("a16b4465736372696265504352a26464617461410065696e64657801")]
    [InlineData("a169457874656e64504352a165696e64657810")]
    [InlineData("bf")]
    public async Task Nonsense_is_an_invalid_operation_and_the_connection_goes_on(string request)
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        using var connection = machine.Connect();
        Assert.Equal(Error("InvalidOperation"), connection.AskHex(request));
        Assert.StartsWith("a16947657452616e646f6d", connection.AskHex(Vector("requests", "GetRandom")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frame_larger_than_the_driver_takes_ends_the_connection_and_no_other()
    {
        await using var machine = new SimulatedMachine();
        await machine.StartAsync();
        using var honest = machine.Connect();
        using var connection = machine.Connect();
        Assert.Equal(Error("InvalidOperation"), connection.AskHex(new string('0', 2 * 4096)));
        connection.Send(uint.MaxValue, []);
        Assert.Equal(Error("InputTooLarge"), Convert.ToHexStringLower(connection.Receive()!));
        Assert.Null(connection.Receive());
        honest.Attest(null, null, null);
    }

    private static string Vector(string part, string name) => Vectors.Json("nsm", "nsm-cbor-derived.json").GetProperty(part).GetProperty(name).GetString()!;

    private static string DescribePcr(int index) => $"a16b4465736372696265504352a165696e646578{Number(index)}";

    private static string LockPcr(int index) => $"a1674c6f636b504352a165696e646578{Number(index)}";

    private static string Number(int index) => index < 24 ? $"{index:x2}" : $"18{index:x2}";

    private static (bool Locked, byte[] Value) ReadPcr(byte[] response)
    {
        var reader = new CborReader(response);
        reader.ReadStartMap();
        Assert.Equal("DescribePCR", reader.ReadTextString());
        reader.ReadStartMap();
        Assert.Equal("lock", reader.ReadTextString());
        var locked = reader.ReadBoolean();
        Assert.Equal("data", reader.ReadTextString());
        return (locked, reader.ReadByteString());
    }

    private static List<string> KeysOf(byte[] document)
    {
        var outer = new CborReader(document);
        outer.ReadStartArray();
        outer.SkipValue();
        outer.SkipValue();
        var payload = new CborReader(outer.ReadByteString());
        List<string> keys = [$"map {payload.ReadStartMap()}"];
        while (payload.PeekState() != CborReaderState.EndMap)
        {
            keys.Add(payload.ReadTextString());
            payload.SkipValue();
        }
        return keys;
    }
}
