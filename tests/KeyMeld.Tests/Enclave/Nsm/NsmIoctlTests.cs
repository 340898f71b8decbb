using KeyMeld.Enclave.Nsm;
using KeyMeld.Enclave.Nsm.Messages;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Tests.Enclave.Nsm;

/// <summary>The device file and the ioctl themselves, on devices that are no NSM: what the kernel answers is named.</summary>
public class NsmIoctlTests
{
    [Fact]
    public void A_missing_device_is_named()
    {
        var refusal = Assert.Throws<NsmException>(() => new NsmDevice("/dev/nonexistent-nsm"));
        Assert.Equal(NsmFailure.Unreachable, refusal.Failure);
        Assert.Contains("/dev/nonexistent-nsm cannot be opened", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev/null", "ENOTTY")]
    [InlineData("/dev/zero", "ENOTTY")]
    public void The_errno_of_the_ioctl_is_named(string path, string errno)
    {
        using var device = new NsmDevice(path);
        var refusal = Assert.Throws<NsmException>(() => device.Exchange(NsmRequest.GetRandom()));
        Assert.Equal((NsmFailure.Unreachable, $"{path} failed: {errno}."), (refusal.Failure, refusal.Message));
    }

    [Fact]
    public void A_request_larger_than_the_driver_takes_is_not_sent()
    {
        using var device = new NsmDevice("/dev/null");
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Exchange(new byte[0x1001]));
    }

    [Theory]
    [InlineData("nsm-hwrng\n", null)]
    [InlineData("virtio_rng.0\n", "is 'virtio_rng.0', not nsm-hwrng")]
    [InlineData("none\n", "is 'none'")]
    [InlineData("", "is ''")]
    public void K22_production_wants_the_kernels_generator_fed_by_the_module(string current, string? complaint)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, current);
            if (complaint is null)
            {
                NsmDevice.RequireKernelGenerator(path);
            }
            else
            {
                Assert.Contains(complaint, Assert.Throws<NsmException>(() => NsmDevice.RequireKernelGenerator(path)).Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            File.Delete(path);
        }
        Assert.Contains("cannot be read", Assert.Throws<NsmException>(() => NsmDevice.RequireKernelGenerator("/nonexistent")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(110, "ETIMEDOUT")]
    [InlineData(90, "EMSGSIZE")]
    [InlineData(133, "errno 133")]
    [InlineData(0, "unknown error")]
    [InlineData(-131074, "unknown error")]
    public void Error_numbers_have_names(int number, string name) => Assert.Equal(name, Errno.Name(number));
}
