namespace KeyMeld.Cli.Doctor;

/// <summary>All checks in order, the cause before its effects.</summary>
internal static class Examination
{
    public static async Task<IReadOnlyList<Diagnosis>> RunAsync(Patient patient, CancellationToken cancellationToken)
    {
        using (patient)
        {
            List<Diagnosis> all = [];
            foreach (var check in (Func<Patient, CancellationToken, Task<IReadOnlyList<Diagnosis>>>[])
                [ConfigurationCheck.RunAsync, KmsChecks.CredentialsAsync, KmsChecks.KeyAsync, KmsChecks.PolicyAsync, AttestationCheck.RunAsync, RowsCheck.RunAsync])
            {
                all.AddRange(await check(patient, cancellationToken));
            }
            return all;
        }
    }
}
