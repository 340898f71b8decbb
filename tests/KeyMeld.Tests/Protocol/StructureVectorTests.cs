using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Tests.Protocol;

/// <summary>Every accepted and every refused byte string of the protocol vectors.</summary>
public class StructureVectorTests
{
    private static readonly Dictionary<string, Func<byte[], byte[]>> Recode = new()
    {
        ["manifest"] = bytes => Manifest.Parse(bytes).Encode(),
        ["registration"] = bytes => Registration.Parse(bytes).Encode(),
        ["signing-request"] = bytes => SigningRequest.Parse(bytes).Encode(),
        ["approval"] = bytes => Approval.Parse(bytes).Encode(),
        ["cancel"] = bytes => Cancel.Parse(bytes).Encode(),
        ["erase"] = bytes => Erase.Parse(bytes).Encode(),
        ["key"] = bytes => KeyStatement.Parse(bytes).Encode(),
        ["key-erase"] = bytes => KeyErase.Parse(bytes).Encode(),
        ["single-sign"] = bytes => SingleSign.Parse(bytes).Encode(),
        ["terms"] = bytes => Terms.Parse(bytes).Encode(),
        ["items"] = bytes => SigningItems.Encode(SigningItems.Parse(bytes)),
        ["round1"] = bytes => RoundEntries.Encode(RoundEntries.ParseRound1(bytes)),
        ["round2"] = bytes => RoundEntries.Encode(RoundEntries.ParseRound2(bytes)),
        ["result"] = bytes => SigningResult.Encode(SigningResult.Parse(bytes)),
        ["identity"] = bytes => IdentityDocument.Parse(bytes).Encode(),
        ["single-sign-blob"] = RecodeBlob,
    };

    [Fact]
    public void Every_accepted_vector_is_taken_and_encoded_again_to_the_same_bytes()
    {
        var cases = ProtocolVectors.Root.GetProperty("accepted").EnumerateArray().ToArray();
        Assert.Equal(16, cases.Length);
        Assert.Equal(16, ProtocolVectors.Root.At("counts.accepted").GetInt32());
        Assert.Equal(Recode.Keys.Order(), cases.Select(one => one.Text("type")).Order());
        Assert.All(cases, one => Assert.Equal(one.Text("bytes"), Convert.ToHexStringLower(Recode[one.Text("type")](one.Hex("bytes")))));
    }

    [Fact]
    public void Every_refused_vector_is_refused_with_a_code()
    {
        var cases = ProtocolVectors.Root.GetProperty("refused").EnumerateArray().ToArray();
        Assert.Equal(741, cases.Length);
        Assert.Equal(741, ProtocolVectors.Root.At("counts.refused").GetInt32());
        var taken = cases.Where(one => !IsRefused(one)).Select(one => $"{one.Text("type")}: {one.Text("case")}");
        Assert.Empty(taken);
    }

    [Fact]
    public void Every_kind_of_must_fail_vector_has_its_test()
    {
        // hpke: HpkeTests; session: EncryptionVectorTests; signature, registration: StatementVectorTests; points: SigningVectorTests; http: RequestAuthorizationTests.
        var kinds = ProtocolVectors.Root.GetProperty("must_fail").EnumerateArray().CountBy(one => one.Text("kind")).ToDictionary();
        Assert.Equal(new Dictionary<string, int> { ["hpke"] = 15, ["session"] = 13, ["signature"] = 10, ["registration"] = 3, ["points"] = 6, ["http"] = 5 }, kinds);
        Assert.Equal(52, kinds.Values.Sum());
        Assert.Equal(52, ProtocolVectors.Root.At("counts.must_fail").GetInt32());
    }

    private static bool IsRefused(JsonElement one)
    {
        try
        {
            Recode[one.Text("type")](one.Hex("bytes"));
            return false;
        }
        catch (KeyMeldException exception)
        {
            return exception.Code is ErrorCodes.StatementInvalid or ErrorCodes.LimitExceeded;
        }
    }

    private static byte[] RecodeBlob(byte[] bytes)
    {
        using var blob = SingleSignBlob.Parse(bytes);
        using var encoded = blob.Encode();
        return encoded.Span.ToArray();
    }
}
