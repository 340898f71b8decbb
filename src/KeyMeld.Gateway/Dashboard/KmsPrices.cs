namespace KeyMeld.Gateway.Dashboard;

/// <summary>What AWS KMS asks for a symmetric key, in US dollars (docs/kms.md, "Cost"). The first 20,000 calls a month are free; here every call counts.</summary>
internal static class KmsPrices
{
    public const double KeyAMonth = 1;
    public const double TenThousandCalls = 0.03;

    public static double Of(long calls) => Math.Round(calls * TenThousandCalls / 10_000, 6);
}
