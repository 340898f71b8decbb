namespace KeyMeld.DevKit.Stack;

/// <summary>The key policy of stacks that stand in for LocalStack; everything else uses <see cref="Attestation.KeyPolicyPlan"/>, as deployments on AWS do.</summary>
internal static class DevelopmentKeyPolicy
{
    /// <summary>Without attestation: whoever has the role's credentials can use the key.</summary>
    public static string WriteWithoutAttestation(string administrator, string role) => $$"""
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Sid": "Administration", "Effect": "Allow", "Principal": {"AWS": "{{administrator}}"}, "Resource": "*",
              "Action": ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy", "kms:EnableKey", "kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
                "kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"]
            },
            {
              "Sid": "Use", "Effect": "Allow", "Principal": {"AWS": "{{role}}"}, "Resource": "*",
              "Action": ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
            }
          ]
        }
        """;
}
