using KeyMeld.Enclave.Sealing.Cms;

namespace KeyMeld.Tests.Enclave.Sealing;

public class RecipientKeysTests
{
    [Fact]
    public async Task Keys_are_made_ahead_and_no_two_are_the_same()
    {
        await using var keys = new RecipientKeys(RecipientKey.Generate);
        var seen = new HashSet<string>();
        for (var i = 0; i < 4; i++)
        {
            using var key = await keys.TakeAsync(TestContext.Current.CancellationToken);
            Assert.True(seen.Add(Convert.ToHexString(key.PublicKey.Span)));
            Assert.Equal(294, key.PublicKey.Length);
        }
    }
}
