using CsCheck;
using KeyMeld.Client;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Client.Profiles;

public class SecretTableTests
{
    [Fact]
    public void What_goes_in_comes_out() =>
        Gen.Dictionary(Gen.String[Gen.Char['a', 'z'], 1, 40], Gen.Byte.Array[1, 80])[0, 20].Sample(entries =>
        {
            using var empty = SecretTable.Empty();
            using var table = empty.With(entries.ToDictionary(entry => entry.Key, entry => (SecretBytes?)SecretBytes.CopyFrom(entry.Value)));
            using var parsed = SecretTable.Parse(SecretBytes.CopyFrom(table.Body))!;
            Assert.Equal(entries.Keys.Order(), parsed.Names.Order());
            Assert.All(entries, entry =>
            {
                using var value = parsed.Find(entry.Key)!;
                Assert.Equal(entry.Value, value.Span.ToArray());
            });
        });

    [Fact]
    public void Arbitrary_bytes_are_a_table_or_none_and_never_an_exception() =>
        Gen.Byte.Array[1, 200].Sample(bytes =>
        {
            using var body = SecretBytes.CopyFrom(bytes);
            using var table = SecretTable.Parse(body);
            Assert.True(table is null || table.Body.SequenceEqual(bytes));
        });
}
