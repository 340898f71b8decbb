using System.Buffers.Binary;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>The only repetition there is: throttling, faults of KMS's own, broken connections; a few times, with growing random pauses.</summary>
internal sealed class KmsRetry(TimeProvider time)
{
    public const int Attempts = 4;

    private const int FirstPauseMilliseconds = 100;

    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellation)
    {
        for (var number = 1; ; number++)
        {
            try
            {
                return await attempt();
            }
            catch (KmsException exception) when (number < Attempts && KmsFailures.IsRetryable(exception.Failure))
            {
                await Task.Delay(Pause(number), time, cancellation);
            }
        }
    }

    // Full jitter: anywhere up to 100, 200, 400 ms, so that enclaves throttled together do not come back together.
    private static TimeSpan Pause(int number)
    {
        Span<byte> random = stackalloc byte[4];
        SecureRandom.Fill(random);
        var most = FirstPauseMilliseconds << (number - 1);
        return TimeSpan.FromMilliseconds(1 + (BinaryPrimitives.ReadUInt32LittleEndian(random) % (uint)most));
    }
}
