using KeyMeld.Secp256k1.Memory;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>Every slot is counted, so in a process of its own: what other tests left to the finalizer is given back at any time.</summary>
public class LockedPoolTests
{
    [Fact]
    public async Task Ten_thousand_nonces_of_three_signers_fit_into_the_usual_limit_of_8_MiB_and_give_it_back()
    {
        if (await OwnProcess.RanAsync())
        {
            return;
        }
        var digest = new byte[32];
        using var group = new SigningGroup(3);
        var (slots, bytes) = (LockedPool.SlotsInUse, LockedPool.BytesLocked);
        var nonces = Enumerable.Range(0, 30_000).AsParallel().Select(i => group.Nonce(group.Keys[i % 3], digest)).ToArray();
        Assert.Equal(slots + 30_000, LockedPool.SlotsInUse);
        Assert.InRange(LockedPool.BytesLocked - bytes, 0, 5 * 1024 * 1024);
        Parallel.ForEach(nonces, nonce => nonce.Dispose());
        Assert.Equal(slots, LockedPool.SlotsInUse);
        Assert.InRange(LockedPool.BytesLocked - bytes, 0, 512 * 1024);
    }
}
