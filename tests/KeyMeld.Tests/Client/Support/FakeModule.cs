using KeyMeld.Attestation;
using KeyMeld.DevKit.Nsm;
using KeyMeld.DevKit.Nsm.Certificates;
using KeyMeld.DevKit.Nsm.Device;

namespace KeyMeld.Tests.Client.Support;

/// <summary>Signs attestation documents under a root of its own, with whatever measurements and module id a test wants.</summary>
internal sealed class FakeModule : IDisposable
{
    public const string InstanceId = "i-0123456789abcdef0";
    private readonly TemporaryFolder _folder = new();
    private readonly DevelopmentRoot _root;
    private readonly InstanceAuthority _instance;
    private readonly TimeProvider _clock;

    public FakeModule(TimeProvider clock)
    {
        _clock = clock;
        _root = DevelopmentRoot.OpenOrCreate(Path.Combine(_folder.Path, "nsm"), clock.GetUtcNow());
        _instance = new InstanceAuthority(_root, InstanceId);
    }

    public static Measurement Genuine { get; } = new(Register('a'), Register('b'), Register('c'));

    public static Measurement Debug { get; } = new(Register('0'), Register('0'), Register('0'));

    public AttestationPolicy Policy => new AttestationPolicy.Development(_root.Certificate);

    public AttestationPolicy PolicyFor(string kmsKeyArn) => new AttestationPolicy.Development(_root.Certificate, [Genuine.ToRelease(kmsKeyArn)]);

    public static string Register(char digit) => new(digit, 96);

    public byte[] Sign(byte[] userData, byte[] nonce, byte[]? publicKey = null, Measurement? measurement = null, string moduleId = InstanceId + "-enc0123456789abcdef", TimeProvider? clock = null)
    {
        using var signer = new ModuleSigner(_instance, moduleId, clock ?? _clock);
        return signer.Sign(new NsmRequest.Attestation(userData, nonce, publicKey), new RegisterBank(measurement ?? Genuine, InstanceId));
    }

    public void Dispose()
    {
        _instance.Dispose();
        _root.Dispose();
        _folder.Dispose();
    }
}
