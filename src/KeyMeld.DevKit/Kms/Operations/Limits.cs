namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>Sizes of the KMS API reference.</summary>
internal static class Limits
{
    public const int KeyIdLength = 2048;
    public const int PlaintextBytes = 4096;
    public const int CiphertextBytes = 6144;
    public const int DataKeyBytes = 1024;
}

/// <summary>A timestamp of AWS JSON 1.1: seconds since 1970, with a fraction.</summary>
internal static class AwsTime
{
    public static double Of(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
