using System.Formats.Cbor;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Enclave.Nsm.Messages;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Enclave.Nsm;

public class NsmResponseTests
{
    [Fact]
    public void Requests_are_the_bytes_of_the_nsm_api()
    {
        var requests = Vectors.Json("nsm", "nsm-cbor-derived.json").GetProperty("requests");
        string Expected(string name) => requests.GetProperty(name).GetString()!;
        Assert.Equal(Expected("GetRandom"), Convert.ToHexStringLower(NsmRequest.GetRandom()));
        Assert.Equal(Expected("Attestation_all_null"), Convert.ToHexStringLower(NsmRequest.Attestation(null, null, null)));
        Assert.Equal(Expected("Attestation_userdata_00x1_nonce_null_pub_01020304"), Convert.ToHexStringLower(NsmRequest.Attestation(new byte[1], null, new byte[] { 1, 2, 3, 4 })));
        Assert.Equal(Expected("Attestation_nonce32_only"), Convert.ToHexStringLower(NsmRequest.Attestation(null, Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(), null)));
    }

    [Fact]
    public void Documents_and_random_bytes_are_taken_out_of_their_answers()
    {
        Assert.Equal("d0d1d2", Convert.ToHexStringLower(NsmResponse.ReadDocument(Response("Attestation_document_3bytes"))));
        Assert.Equal("0001020304050607", Convert.ToHexStringLower(NsmResponse.ReadRandom(Response("GetRandom_8"))));
        // The indefinite form of the same map.
        Assert.Equal("d0d1d2", Convert.ToHexStringLower(NsmResponse.ReadDocument(Convert.FromHexString("bf6b4174746573746174696f6ebf68646f63756d656e7443d0d1d2ffff"))));
    }

    [Fact]
    public void The_modules_errors_are_told_by_name()
    {
        var errors = Vectors.Json("nsm", "nsm-cbor-derived.json").GetProperty("responses").EnumerateObject().Where(vector => vector.Name.StartsWith("Error_", StringComparison.Ordinal)).ToList();
        Assert.Equal(6, errors.Count);
        foreach (var error in errors)
        {
            var refusal = Assert.Throws<NsmException>(() => NsmResponse.ReadDocument(Convert.FromHexString(error.Value.GetString()!)));
            Assert.Equal((NsmFailure.Refused, error.Name["Error_".Length..]), (refusal.Failure, refusal.DeviceError));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a0")]
    [InlineData("f6")]
    [InlineData("674c6f636b504352")]
    [InlineData("a1654572726f72634f6f70")] // an error of unknown name
    [InlineData("a16947657452616e646f6da16672616e646f6d480001020304050607")] // an answer to another request
    [InlineData("a16b4174746573746174696f6ea168646f63756d656e7443d0d1d200")] // a trailing byte
    [InlineData("a16b4174746573746174696f6ea168646f63756d656e7440")] // an empty document
    [InlineData("a16b4174746573746174696f6ea168646f63756d656e7443d0d1")] // cut off
    [InlineData("a16b4174746573746174696f6ea268646f63756d656e7443d0d1d268646f63756d656e7443d0d1d2")] // twice
    [InlineData("a26b4174746573746174696f6ea168646f63756d656e7443d0d1d2")]
    [InlineData("a16b4174746573746174696f6ea168646f63756d656e7843d0d1d2")] // a member of another name
    public void Anything_else_is_malformed(string response) =>
        Assert.Equal(NsmFailure.Malformed, Assert.Throws<NsmException>(() => NsmResponse.ReadDocument(Convert.FromHexString(response))).Failure);

    [Fact]
    public void More_bytes_than_the_module_ever_gives_are_malformed()
    {
        Assert.Equal(NsmResponse.MaxBytes, NsmResponse.ReadDocument(Answer("Attestation", "document", NsmResponse.MaxBytes)).Length);
        Assert.Equal(NsmFailure.Malformed, Assert.Throws<NsmException>(() => NsmResponse.ReadDocument(Answer("Attestation", "document", NsmResponse.MaxBytes + 1))).Failure);
        Assert.Equal(256, NsmResponse.ReadRandom(Answer("GetRandom", "random", 256)).Length);
        Assert.Equal(NsmFailure.Malformed, Assert.Throws<NsmException>(() => NsmResponse.ReadRandom(Answer("GetRandom", "random", 257))).Failure);
    }

    private static byte[] Answer(string variant, string member, int bytes)
    {
        var writer = new CborWriter();
        writer.WriteStartMap(1);
        writer.WriteTextString(variant);
        writer.WriteStartMap(1);
        writer.WriteTextString(member);
        writer.WriteByteString(new byte[bytes]);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static byte[] Response(string name) => Convert.FromHexString(Vectors.Json("nsm", "nsm-cbor-derived.json").GetProperty("responses").GetProperty(name).GetString()!);
}
