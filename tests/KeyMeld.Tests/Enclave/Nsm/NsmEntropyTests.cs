using System.Security.Cryptography;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Tests.Enclave.Support;

namespace KeyMeld.Tests.Enclave.Nsm;

public class NsmEntropyTests
{
    [Fact]
    public void Every_byte_of_the_stream_is_hmac_of_seed_and_counter_and_none_comes_twice()
    {
        var next = 0;
        using var entropy = NsmEntropy.Draw(new NsmClient(new ScriptedNsm { Random = () => [(byte)next++, (byte)next++, (byte)next++] }));
        var seed = Enumerable.Range(0, 64).Select(i => (byte)i).ToArray();
        var first = new byte[40];
        var second = new byte[32];
        entropy.Fill(first);
        entropy.Fill(second);
        Assert.Equal([.. Block(seed, 1), .. Block(seed, 2)[..8]], first);
        Assert.Equal(Block(seed, 3), second);
    }

    [Fact]
    public void K22_a_module_without_randomness_is_refused()
    {
        Assert.Equal(NsmFailure.Malformed, Assert.Throws<NsmException>(() => NsmEntropy.Draw(new NsmClient(new ScriptedNsm { Random = () => new byte[256] }))).Failure);
        Assert.Throws<NsmException>(() => NsmEntropy.Draw(new NsmClient(new ScriptedNsm { Random = () => [] })));
        Assert.Throws<NsmException>(() => NsmEntropy.Draw(new NsmClient(new ScriptedNsm { Random = () => new byte[257] })));
    }

    [Theory]
    [InlineData("nsm-hwrng\n", true)]
    [InlineData("none", false)]
    [InlineData("virtio_rng.0", false)]
    public async Task K22_the_kernels_generator_must_be_fed_by_the_module(string current, bool accepted)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, current, TestContext.Current.CancellationToken);
        var refusal = Record.Exception(() => NsmDevice.RequireKernelGenerator(file));
        File.Delete(file);
        Assert.Equal(accepted, refusal is null);
        Assert.True(accepted || refusal is NsmException);
        Assert.Throws<NsmException>(() => NsmDevice.RequireKernelGenerator("/nonexistent/rng_current"));
    }

    private static byte[] Block(byte[] seed, byte counter) => HMACSHA256.HashData(seed, new byte[] { 0, 0, 0, 0, 0, 0, 0, counter });
}
