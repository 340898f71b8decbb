using System.Text;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Keys;

public class KeyFileTests
{
    private const string Secret = "0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d";

    [Theory]
    [InlineData(Secret)]
    [InlineData("0C28FCA386C7A227600B2FE50B7CAE11EC86D3BF1FBE471BE89827E19D72AA1D\r\n")]
    [InlineData("  5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ\n")]
    [InlineData("KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617")]
    public void Hex_and_wif_of_one_key_give_that_key(string text)
    {
        using var key = KeyFile.Parse(Encoding.ASCII.GetBytes(text));
        using var secret = key.Export();
        Assert.Equal(Secret, Convert.ToHexStringLower(secret.Span));
    }

    [Theory] // the secret 1, mainnet and testnet
    [InlineData("KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn")]
    [InlineData("cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA")]
    public void Wif_of_both_networks_is_read(string text)
    {
        using var key = KeyFile.Parse(Encoding.ASCII.GetBytes(text));
        Assert.Equal("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", key.PublicKey.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a key")]
    [InlineData("0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1")]
    [InlineData("0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aaxx")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    [InlineData("KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98618")] // one character changed
    [InlineData("KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP9861l")] // not base58
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")] // too large
    [InlineData("1111111111111111111114oLvT2111111111111111111111111111")]
    public void Everything_else_is_refused(string text) =>
        Refused.With(ErrorCodes.KeyFileInvalid, () => KeyFile.Parse(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_base58check_string_of_something_else_is_refused()
    {
        // An address: 1 ‖ hash160 ‖ checksum is shorter; an extended key longer. The right length with another version byte:
        byte[] payload = [0x81, .. Convert.FromHexString(Secret), 1];
        var checksum = System.Security.Cryptography.SHA256.HashData(System.Security.Cryptography.SHA256.HashData(payload))[..4];
        var error = Refused.With(ErrorCodes.KeyFileInvalid, () => KeyFile.Parse(Encoding.ASCII.GetBytes(Base58([.. payload, .. checksum]))));
        Assert.Contains("something other than a secret key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_read_and_a_missing_or_large_one_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "key");
        File.WriteAllText(path, Secret + "\n");
        using (var key = KeyFile.Read(path))
        {
            Assert.Equal(33, key.PublicKey.Bytes.Length);
        }
        File.WriteAllText(path, new string(' ', 300) + Secret);
        Refused.With(ErrorCodes.KeyFileInvalid, () => KeyFile.Read(path));
        Refused.With(ErrorCodes.KeyFileInvalid, () => KeyFile.Read(path + ".absent"));
        Refused.With(ErrorCodes.KeyFileInvalid, () => KeyFile.Read(folder.Path));
    }

    [Fact]
    public void A_member_key_of_the_wrong_size_or_value_is_refused()
    {
        Refused.With(ErrorCodes.KeyFileInvalid, () => MemberKey.Import(new byte[31]));
        Refused.With(ErrorCodes.KeyFileInvalid, () => MemberKey.Import(new byte[32]));
    }

    private static string Base58(byte[] bytes)
    {
        var number = new System.Numerics.BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        var text = new StringBuilder();
        for (; number > 0; number /= 58)
        {
            text.Insert(0, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[(int)(number % 58)]);
        }
        return text.ToString();
    }
}
