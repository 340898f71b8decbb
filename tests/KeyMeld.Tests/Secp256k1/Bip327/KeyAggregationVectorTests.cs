using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;
using static KeyMeld.Tests.Secp256k1.Bip327.VectorFile;
using Reference = KeyMeld.Tests.Secp256k1.Oracle.Bip327;

namespace KeyMeld.Tests.Secp256k1.Bip327;

/// <summary>key_sort_vectors.json and key_agg_vectors.json: all 10 cases, by the library and by the oracle.</summary>
public class KeyAggregationVectorTests
{
    [Fact]
    public void The_sorted_list_is_the_published_one()
    {
        var file = new VectorFile("key_sort");
        var keys = file.List("pubkeys");
        var sorted = file.List("sorted_pubkeys");
        Assert.Equal(6, keys.Length);
        Assert.Equal(sorted, KeyAggregation.Sort([.. keys.Select(key => PublicKey.Parse(key))]).Select(key => key.Bytes.ToArray()));
        Assert.Equal(sorted, Reference.KeySort(keys));
    }

    [Fact]
    public void The_four_aggregates_are_the_published_ones()
    {
        var file = new VectorFile("key_agg");
        foreach (var @case in file.Cases("valid_test_cases", 4))
        {
            var keys = Pick(file.List("pubkeys"), @case, "key_indices");
            Assert.Equal(Hex(@case.GetProperty("expected")), Aggregate(keys, [], []).OutputKey.Bytes.ToArray());
            Assert.Equal(Hex(@case.GetProperty("expected")), Reference.KeyAgg(keys).XBytes);
        }
    }

    [Fact]
    public void The_three_lists_with_an_invalid_key_are_refused_for_that_key()
    {
        var file = new VectorFile("key_agg");
        foreach (var @case in file.Cases("error_test_cases", 5)[..3])
        {
            var keys = Pick(file.List("pubkeys"), @case, "key_indices");
            var signer = @case.GetProperty("error").GetProperty("signer").GetInt32();
            Assert.All(keys.Index(), key => Assert.Equal(key.Index != signer, PublicKey.TryParse(key.Item, out _)));
            Assert.Equal(signer, Assert.Throws<OracleException>(() => Reference.KeyAgg(keys)).Signer);
        }
    }

    [Fact]
    public void The_two_invalid_tweaks_are_refused()
    {
        var file = new VectorFile("key_agg");
        foreach (var @case in file.Cases("error_test_cases", 5)[3..])
        {
            var keys = Pick(file.List("pubkeys"), @case, "key_indices");
            var tweaks = Pick(file.List("tweaks"), @case, "tweak_indices");
            Assert.Throws<CryptographicException>(() => Aggregate(keys, tweaks, Flags(@case)));
            Assert.Equal(Message(@case), Assert.Throws<OracleException>(() => Reference.ApplyTweak(Reference.KeyAgg(keys), tweaks[0], Flags(@case)[0])).Message);
        }
    }

    private static string Message(JsonElement @case) => @case.GetProperty("error").GetProperty("message").GetString()!;
}
