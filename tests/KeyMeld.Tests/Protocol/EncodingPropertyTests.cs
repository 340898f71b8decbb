using System.Formats.Cbor;
using CsCheck;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Protocol.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>One value, one byte string: for arbitrary values of every type, and for every way of damaging their bytes.</summary>
public class EncodingPropertyTests
{
    /// <summary>Of each type: arbitrary encodings, and parsing followed by encoding.</summary>
    private static readonly Dictionary<string, (Gen<byte[]> Encoded, Func<byte[], byte[]> Recode)> Types = new()
    {
        ["manifest"] = (Arbitrary.Manifest.Select(value => value.Encode()), bytes => Manifest.Parse(bytes).Encode()),
        ["registration"] = (Arbitrary.Registration.Select(value => value.Encode()), bytes => Registration.Parse(bytes).Encode()),
        ["signing-request"] = (Arbitrary.SigningRequest.Select(value => value.Encode()), bytes => SigningRequest.Parse(bytes).Encode()),
        ["approval"] = (Arbitrary.Approval.Select(value => value.Encode()), bytes => Approval.Parse(bytes).Encode()),
        ["cancel"] = (Arbitrary.Cancel.Select(value => value.Encode()), bytes => Cancel.Parse(bytes).Encode()),
        ["erase"] = (Arbitrary.Erase.Select(value => value.Encode()), bytes => Erase.Parse(bytes).Encode()),
        ["key"] = (Arbitrary.Key.Select(value => value.Encode()), bytes => KeyStatement.Parse(bytes).Encode()),
        ["key-erase"] = (Arbitrary.KeyErase.Select(value => value.Encode()), bytes => KeyErase.Parse(bytes).Encode()),
        ["single-sign"] = (Arbitrary.SingleSign.Select(value => value.Encode()), bytes => SingleSign.Parse(bytes).Encode()),
        ["terms"] = (Arbitrary.Terms.Select(value => value.Encode()), bytes => Terms.Parse(bytes).Encode()),
        ["items"] = (Arbitrary.Items.Select(value => SigningItems.Encode(value)), bytes => SigningItems.Encode(SigningItems.Parse(bytes))),
        ["round1"] = (Arbitrary.Round1.Select(value => RoundEntries.Encode(value)), bytes => RoundEntries.Encode(RoundEntries.ParseRound1(bytes))),
        ["round2"] = (Arbitrary.Round2.Select(value => RoundEntries.Encode(value)), bytes => RoundEntries.Encode(RoundEntries.ParseRound2(bytes))),
        ["result"] = (Arbitrary.Result.Select(value => SigningResult.Encode(value)), bytes => SigningResult.Encode(SigningResult.Parse(bytes))),
        ["identity"] = (Arbitrary.Identity.Select(value => value.Encode()), bytes => IdentityDocument.Parse(bytes).Encode()),
    };

    public static TheoryData<string> Names => [.. Types.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_was_encoded_parses_and_encodes_to_the_same_bytes_which_another_reader_finds_canonical(string type)
    {
        var (encoded, recode) = Types[type];
        encoded.Sample(
            bytes =>
            {
                Assert.Equal(bytes, recode(bytes));
                var other = new CborReader(bytes, CborConformanceMode.Canonical);
                other.SkipValue();
                Assert.Equal(0, other.BytesRemaining);
            },
            iter: 200);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_damaged_byte_is_refused_or_means_exactly_the_damaged_bytes(string type) =>
        Gen.Select(Types[type].Encoded, Gen.Int[0, int.MaxValue], Gen.Byte[1, 255]).Sample(
            (bytes, position, flip) =>
            {
                var damaged = (byte[])bytes.Clone();
                damaged[position % bytes.Length] ^= flip;
                IsRefusedOrExact(type, damaged);
            },
            iter: 3000);

    [Theory]
    [MemberData(nameof(Names))]
    public void An_inserted_a_removed_and_a_repeated_stretch_are_refused_or_mean_exactly_the_bytes_there_are(string type) =>
        Gen.Select(Types[type].Encoded, Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue], Gen.Byte).Sample(
            (bytes, one, other, value) =>
            {
                var start = one % bytes.Length;
                var length = 1 + (other % (bytes.Length - start));
                IsRefusedOrExact(type, [.. bytes[..start], value, .. bytes[start..]]);
                IsRefusedOrExact(type, [.. bytes[..start], .. bytes[(start + length)..]]);
                IsRefusedOrExact(type, [.. bytes[..(start + length)], .. bytes[start..]]);
                IsRefusedOrExact(type, bytes[..start]);
            },
            iter: 1000);

    [Theory]
    [MemberData(nameof(Names))]
    public void Arbitrary_bytes_are_refused_with_a_code(string type) => Gen.Byte.Array[0, 200].Sample(bytes => IsRefusedOrExact(type, bytes), iter: 1000);

    [Fact]
    public void An_authorization_header_reads_back_and_no_other_character_in_it_verifies()
    {
        Gen.Select(Arbitrary.Secret, Arbitrary.Time, Gen.Int[0, int.MaxValue], Gen.Char[' ', '~']).Sample(
            (key, time, position, character) =>
            {
                var header = RequestAuthorization.Sign("GET", "keymeld.example", "/api/v1/keygen?x=1", [], time, key);
                Assert.True(RequestAuthorization.TryParse(header, out var read));
                Assert.Equal(header, read.ToString());
                Assert.True(read.Verify("GET", "keymeld.example", "/api/v1/keygen?x=1", []));

                var altered = header.ToCharArray();
                altered[position % altered.Length] = character;
                var text = new string(altered);
                Assert.True(text == header || !Verifies(text), text);
                Assert.False(Verifies(header.Insert(position % header.Length, character.ToString())));
                Assert.False(Verifies(header.Remove(position % header.Length, 1)));
            },
            iter: 2000);
    }

    private static bool Verifies(string header) => RequestAuthorization.TryParse(header, out var read) && read.Verify("GET", "keymeld.example", "/api/v1/keygen?x=1", []);

    private static void IsRefusedOrExact(string type, byte[] bytes)
    {
        byte[] recoded;
        try
        {
            recoded = Types[type].Recode(bytes);
        }
        catch (KeyMeldException exception)
        {
            Assert.True(exception.Code is ErrorCodes.StatementInvalid or ErrorCodes.LimitExceeded, exception.Code);
            return;
        }
        Assert.Equal(bytes, recoded);
    }
}
